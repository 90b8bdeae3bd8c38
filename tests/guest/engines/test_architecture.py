"""Programs of another architecture are run where the kernel has an emulator for them, tried."""

from __future__ import annotations

import os
import platform
import subprocess

import pytest

from bootworthy.guest.engines.mounting import MountError
from bootworthy.guest.engines.sandbox import architecture
from bootworthy.guest.engines.sandbox.architecture import cannot_run, starts
from bootworthy.model.intent import Architecture
from tests.guest.engines.conditions import needs_root
from tests.guest.memory import MemoryTree
from tests.guests import emulation
from tests.rules.healthy import ARM64, elf

pytestmark = needs_root

NATIVE = architecture._MACHINES[os.uname().machine]
FOREIGN = next(item for item in Architecture if item is not NATIVE)

# EM_NONE: no kernel starts it, and no emulator is for it.
OF_NO_MACHINE = (0, bytes(4))

GUEST = MemoryTree({"/bin/sh": elf(ARM64)})


@pytest.fixture(autouse=True)
def on_x86(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def test_there_is_no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(architecture._EXIT, Architecture.ARM64, OF_NO_MACHINE)

    assert cannot_run(GUEST) == "it is Arm64, and this host is x86_64 without an emulator for it"


def test_what_the_kernel_starts_is_run_but_not_in_the_appliance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(architecture._EXIT, Architecture.ARM64, architecture._EXIT[NATIVE])

    assert cannot_run(GUEST) == ""
    assert cannot_run(GUEST, emulators=False) != ""


def test_the_program_is_a_real_one() -> None:
    assert starts(NATIVE)
    for machine, instructions in architecture._EXIT.values():
        assert architecture._program(machine, instructions)[18:20] == machine.to_bytes(2, "little")


def test_a_program_that_fails_or_hangs_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    trap, loop = ({62: b"\xcc", 183: bytes(4)}, {62: b"\xeb\xfe", 183: b"\0\0\0\x14"})
    machine, _ = architecture._EXIT[NATIVE]
    monkeypatch.setattr(architecture, "_TIMEOUT", 0.5)
    for instructions in (trap, loop):
        monkeypatch.setitem(architecture._EXIT, NATIVE, (machine, instructions[machine]))
        assert not starts(NATIVE)


def test_where_nothing_can_be_mounted_the_sandbox_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_words: object) -> int:
        raise MountError(1, "not permitted", "tmpfs")

    monkeypatch.setattr(architecture, "mount_detached", refused)
    assert starts(FOREIGN)


@pytest.mark.skipif(
    not emulation.HANDLER.exists(), reason="NOT TESTED: qemu-user-static is not installed"
)
def test_an_emulator_is_used_as_long_as_it_is_registered() -> None:
    before = starts(Architecture.ARM64)
    with emulation.arm64_programs():
        with emulation.arm64_programs():
            assert starts(Architecture.ARM64)
        assert starts(Architecture.ARM64)

    assert starts(Architecture.ARM64) is before
    listed = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _LIST], check=True, capture_output=True, text=True
    )
    assert f"bootworthy-{os.getpid()}-" not in listed.stdout


_LIST = "mount -t binfmt_misc list /proc/sys/fs/binfmt_misc && ls /proc/sys/fs/binfmt_misc"
