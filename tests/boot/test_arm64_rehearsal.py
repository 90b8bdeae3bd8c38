"""A prepared guest for arm64 passes a rehearsal, emulated on QEMU's board for it.

It needs packages that scripts/setup does not install, and half an hour on another machine:
BOOTWORTHY_ALL_REHEARSALS=1 asks for it.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from bootworthy.model.errors import HostError
from bootworthy.model.intent import Architecture
from bootworthy.rehearsal.firmware import find_firmware
from tests.boot.test_passing_rehearsals import ALL_REHEARSALS
from tests.cli.command import bootworthy
from tests.guests import emulation
from tests.work.prepared import prepared

pytestmark = [
    pytest.mark.guest,
    pytest.mark.boot,
    pytest.mark.skipif(os.environ.get(ALL_REHEARSALS) != "1", reason=f"{ALL_REHEARSALS}=1 asks"),
]

_REACHED = (
    *("serial", "boot-loader", "kernel", "initramfs", "dhcp", "data-source", "ready", "login"),
    *("sudo", "host-keys", "machine-id", "root-grown", "custom-data", "clock-source"),
)


@pytest.fixture
def image() -> Path:
    problems = [emulation.why_not()]
    if not shutil.which("qemu-system-aarch64"):
        problems.append("qemu-system-arm is not installed")
    try:
        find_firmware(Architecture.ARM64)
    except HostError as error:
        problems.append(error.message)
    if told := ", ".join(filter(None, problems)):
        pytest.skip(f"NOT TESTED: {told}")
    with emulation.arm64_programs():
        return prepared("arm64", "--remove-users").vhd


def test_the_kernel_of_an_arm64_guest_talks_and_it_is_provisioned(
    image: Path, tmp_path: Path
) -> None:
    before = image.stat()
    verdict = rehearse(image, tmp_path)
    states = {item["name"]: item["state"] for item in verdict["milestones"]}
    after = image.stat()

    assert verdict["machine"]["architecture"] == "Arm64"
    assert [(found["code"], found["saw"]) for found in verdict["diagnoses"]] == []
    assert "missed" not in states.values()
    assert [name for name in _REACHED if states[name] != "reached"] == []
    assert verdict["passed"]
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    serial = (tmp_path / "kept" / "serial.log").read_text()
    assert "console=ttyAMA0" in serial


def test_disks_on_nvme(image: Path, tmp_path: Path) -> None:
    verdict = rehearse(image, tmp_path, "--nvme", "--data-disks", "1")

    assert [(found["code"], found["saw"]) for found in verdict["diagnoses"]] == []
    assert verdict["passed"]


def rehearse(image: Path, directory: Path, *more: str) -> dict[str, Any]:
    options = ("--json", "--no-second-boot", "--keep", str(directory / "kept"), *more)
    done = bootworthy("rehearse", *options, image)
    assert done.out, done.err
    verdict: dict[str, Any] = json.loads(done.out)
    assert done.status == (0 if verdict["passed"] else 1)
    return verdict
