"""``bootworthy doctor``, on this machine and with things taken from it."""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bootworthy.cli import doctor
from bootworthy.cli.main import cli
from bootworthy.guest import kvm
from bootworthy.guest.engines.sandbox import architecture
from bootworthy.model.errors import HostError
from bootworthy.rehearsal import firmware
from bootworthy.rehearsal.fabric.enclave import Enclave


@pytest.fixture(autouse=True)
def without_kvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying KVM boots a kernel, which has tests of its own."""
    monkeypatch.setattr(kvm, "why_not", lambda: "there is no /dev/kvm")


def _run(*argv: str) -> Result:
    return CliRunner(env={"NO_COLOR": "1"}).invoke(cli, ["doctor", *argv], catch_exceptions=False)


def test_everything_is_looked_at_and_told_in_one_line() -> None:
    result = _run()

    assert result.exit_code == 0
    words = [
        line[8:20].strip() for line in result.stdout.splitlines() if not line.startswith("   ")
    ]
    assert words == [check.name for check in doctor.CHECKS]


def test_what_is_missing_comes_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "_family", lambda: "fedora")
    lines = _run("--for", "rehearse").stdout.splitlines()

    index = next(i for i, line in enumerate(lines) if "QEMU" in line)
    assert lines[index].startswith("needed  QEMU")
    assert lines[index + 1].strip() == "dnf install qemu-kvm"
    needed = [line.split()[1] for line in lines if line.startswith("needed")]
    assert {"QEMU", "qemu-img", "ssh"} <= set(needed)


def test_a_verb_that_lacks_something_is_status_4(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert _run("--for", "rehearse").exit_code == 4
    assert _run("--for", "check").exit_code == 0
    assert _run().exit_code == 0


def test_each_row_of_rehearse_has_its_install_line() -> None:
    rows = {check.name: check for check in doctor.CHECKS}

    others = [f"runs {doctor._OTHER}", f"QEMU {doctor._OTHER}", f"UEFI {doctor._OTHER}"]
    for name in ("QEMU", "qemu-img", "OVMF", "Secure Boot", "ssh", *others):
        assert set(rows[name].packages) == set(doctor._INSTALLERS)


def test_firmware_and_network_are_those_a_rehearsal_would_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def _refused(_self: object) -> None:
        raise HostError("no-namespace", "cannot make one", hint="run as root")

    nowhere = functools.partial(firmware.find_firmware, places=())
    monkeypatch.setattr(firmware, "find_firmware", nowhere)
    monkeypatch.setattr(Enclave, "__enter__", _refused)

    assert "for x64 machines" in doctor._firmware(arm=False)
    assert "for Arm64 machines" in doctor._firmware(arm=True)
    assert "Secure Boot" in doctor._firmware(arm=False, secure_boot=True)
    assert doctor._network() == "cannot make one (run as root)"


def test_guests_of_the_other_architecture_are_not_needed_by_any_verb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "_family", lambda: "debian")
    monkeypatch.setattr(architecture, "starts", lambda _architecture: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    lines = _run().stdout.splitlines()

    index = next(i for i, line in enumerate(lines) if f"runs {doctor._OTHER}" in line)
    assert lines[index].startswith("missing ")
    assert "no emulator" in lines[index]
    assert lines[index + 1].strip() == "apt install qemu-user-static"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "only root" in doctor._foreign_programs()
    monkeypatch.setattr(architecture, "starts", lambda _architecture: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert doctor._foreign_programs() == ""


def test_one_way_to_prepare_is_enough() -> None:
    checks = {check.name: check for check in doctor.CHECKS}

    assert not doctor._lacks(checks["libguestfs"], {"libguestfs": "none", "root": ""})
    assert doctor._lacks(checks["libguestfs"], {"libguestfs": "none", "root": "not root"})


def test_credentials_are_seen_and_never_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in doctor._CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    assert "no login of az" in doctor._credentials()
    (tmp_path / "msal_token_cache.json").write_text("{}")
    assert doctor._credentials() == ""


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ({"ID": "debian"}, "debian"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora"),
        ({"ID": "haiku"}, ""),
    ],
)
def test_the_install_line_is_this_distributions(
    release: dict[str, str], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)

    assert doctor._family() == family
