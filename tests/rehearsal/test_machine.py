"""QEMU's command line: what a guest knows Azure by, and disks that nobody writes to."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from bootworthy.model.errors import GuestError, HostError, UsageError
from bootworthy.model.intent import Architecture, Generation
from bootworthy.rehearsal.accelerator import accelerator_for
from bootworthy.rehearsal.controllers import Controller, choose_controller
from bootworthy.rehearsal.disks import Disks, make_disks
from bootworthy.rehearsal.machine import Machine, Wiring, qemu_arguments
from bootworthy.rehearsal.power import power_on

X64 = Architecture.X64
BIOS, UEFI = Generation.BIOS, Generation.UEFI


def _arguments(directory: Path, controller: Controller, *, data: int = 0) -> list[str]:
    disks = Disks(
        image=directory / "a,b.vhd",
        image_size=1 << 20,
        os_overlay=directory / "os.qcow2",
        resource=directory / "resource.raw",
        data=tuple(directory / f"data{number}.raw" for number in range(data)),
    )
    machine = Machine(
        generation=BIOS,
        architecture=X64,
        controller=controller,
        vm_id="5d1c3a8e-0000-4000-8000-000000000001",
    )
    wiring = Wiring(
        serial=directory / "serial",
        dvd=directory / "a,b.udf",
        variables=directory / "vars",
    )
    return qemu_arguments(machine, accelerator_for(X64, emulate=True), disks, wiring)


def test_a_guest_can_tell_that_it_is_on_azure(tmp_path: Path) -> None:
    words = _arguments(tmp_path, Controller.IDE)
    system = next(word for word in words if word.startswith("type=1,"))
    chassis = next(word for word in words if word.startswith("type=3,"))

    assert "asset=7783-7084-3265-9085-8269-3286-77" in chassis
    assert "version=Hyper-V VS2005R2," in system
    assert "tcg-cpuid=off" in words[words.index("-cpu") + 1]


def test_the_image_is_raw_and_read_only_whatever_its_name(tmp_path: Path) -> None:
    words = _arguments(tmp_path, Controller.IDE)
    nodes = [json.loads(words[n + 1]) for n, word in enumerate(words) if word == "-blockdev"]
    image = next(node for node in nodes if node["node-name"] == "image")

    assert (image["driver"], image["read-only"], image["size"]) == ("raw", True, 1 << 20)
    assert image["file"] == {
        "driver": "file",
        "filename": str(tmp_path / "a,b.vhd"),
        "read-only": True,
    }
    assert any(word.endswith("a,,b.udf") for word in words)


def test_more_data_disks_than_azure_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="64 data disks"):
        _arguments(tmp_path, Controller.IDE, data=65)


@pytest.mark.parametrize(
    ("generation", "drivers", "chosen"),
    [
        (BIOS, {"ata_piix", "sd_mod", "virtio_pci", "virtio_blk"}, Controller.IDE),
        (BIOS, {"virtio_pci", "virtio_blk"}, Controller.VIRTIO_BLK),
        (UEFI, {"virtio_pci", "virtio_scsi", "sd_mod"}, Controller.VIRTIO_SCSI),
        (UEFI, {"ahci", "sd_mod"}, Controller.AHCI),
        (UEFI, set(), Controller.VIRTIO_SCSI),
    ],
)
def test_the_disk_hangs_on_what_the_guest_has_a_driver_for(
    generation: Generation, drivers: set[str], chosen: Controller
) -> None:
    assert choose_controller(generation, X64, drivers.__contains__) is chosen


def test_a_guest_for_azures_disks_alone_is_not_called_broken() -> None:
    with pytest.raises(GuestError, match="Azure's disks only"):
        choose_controller(UEFI, X64, lambda _name: False, azure_only=True)


def test_disks_are_sparse_and_the_image_is_not_touched(tmp_path: Path) -> None:
    image = tmp_path / "x.raw"
    image.write_bytes(bytes(1 << 20))
    disks = make_disks(image, 1 << 20, tmp_path, data_disks=1)
    blocks = sum(path.stat().st_blocks for path in (disks.resource, *disks.data))
    with disks.resource.open("rb") as file:
        table = file.read(512)

    assert blocks * 512 < 256 << 20
    assert table[510:] == b"\x55\xaa"
    assert image.read_bytes() == bytes(1 << 20)


def test_a_qemu_that_fails_is_one_clear_error(tmp_path: Path) -> None:
    argv = ["sh", "-c", "echo no such machine >&2; exit 1"]
    with (
        pytest.raises(HostError, match="no such machine"),
        power_on(argv, serial=tmp_path / "serial", log=tmp_path / "log"),
    ):
        pass


def test_power_on_hears_the_serial_port_and_leaves_nothing_running(tmp_path: Path) -> None:
    serial = tmp_path / "serial"
    talk = (
        "import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
        "s.sendall(b'Linux version 6\\n'); time.sleep(600)"
    )
    argv = ["python3", "-c", talk, str(serial)]
    with power_on(argv, serial=serial, log=tmp_path / "log") as running:
        process = running.process
        while "Linux version" not in running.console.text and running.seconds < 30:
            subprocess.run(["sleep", "0.05"], check=True)
        heard = running.console.text

    assert heard == "Linux version 6\n"
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
