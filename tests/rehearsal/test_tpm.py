"""A virtual TPM that QEMU really takes; a machine without a disk stands in for a guest."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from bootworthy.model.errors import HostError
from bootworthy.model.intent import Architecture
from bootworthy.rehearsal.power import power_on
from bootworthy.rehearsal.tpm import tpm_arguments, trusted_platform

_X64 = "qemu-system-x86_64"


def _argv(directory: Path, control: Path) -> list[str]:
    return [
        *(_X64, "-nodefaults", "-no-user-config", "-display", "none", "-S"),
        *("-machine", "q35", "-accel", "tcg", "-m", "64"),
        *("-chardev", f"socket,id=serial,path={directory / 'serial'}"),
        *("-serial", "chardev:serial"),
        *("-qmp", f"unix:{directory / 'qmp'},server=on,wait=off"),
        *tpm_arguments(Architecture.X64, str(control)),
    ]


def _asked(path: Path, command: str) -> list[dict[str, str]]:
    """QEMU's answer to a command without arguments (docs/interop/qmp-spec.rst)."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(str(path))
        lines = monitor.makefile("rw")
        lines.readline()
        for word in ("qmp_capabilities", command):
            lines.write(json.dumps({"execute": word}) + "\n")
            lines.flush()
            answer = json.loads(lines.readline())
        found: list[dict[str, str]] = answer["return"]
    return found


def _run(argv: list[str], directory: Path) -> None:
    """Until QEMU ends; it may fail before its serial port is taken, or after."""
    with power_on(argv, serial=directory / "serial", log=directory / "qemu.log") as running:
        running.process.wait(60)
        running.refuse_failure()


def test_qemu_has_a_tpm_that_is_gone_with_the_machine(tmp_path: Path) -> None:
    with trusted_platform(tmp_path) as control:
        assert control is not None
        with power_on(
            _argv(tmp_path, control), serial=tmp_path / "serial", log=tmp_path / "qemu.log"
        ):
            (found,) = _asked(tmp_path / "qmp", "query-tpm")
        state = sorted(path.name for path in control.parent.iterdir())

    assert (found["id"], found["model"]) == ("tpm0", "tpm-crb")
    assert "tpm2-00.permall" in state
    left = subprocess.run(["pgrep", "-f", str(control.parent)], check=False, capture_output=True)
    assert left.stdout == b""


def test_without_swtpm_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with trusted_platform(tmp_path) as control:
        assert control is None
    assert list(tmp_path.iterdir()) == []


def test_a_swtpm_that_fails_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bin" / "swtpm"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'no libtpms' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    with trusted_platform(tmp_path) as control:
        assert control is not None
        with pytest.raises(HostError, match=r"QEMU did not start: .*tpm") as caught:
            _run(_argv(tmp_path, control), tmp_path)
    assert caught.value.code == "qemu-failed"
    assert (tmp_path / "swtpm.log").read_text() == "no libtpms\n"


def test_an_arm64_machine_has_the_device_of_its_board() -> None:
    words = tpm_arguments(Architecture.ARM64, "/run/control")

    assert "tpm-tis-device,tpmdev=tpm0" in words
    assert "socket,id=tpm,path=/run/control" in words
