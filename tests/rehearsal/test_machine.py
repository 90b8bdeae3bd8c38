"""QEMU's command line: what a guest knows Azure by, and disks that nobody writes to."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

import pytest

from bootworthy.model.errors import GuestError, HostError
from bootworthy.model.intent import Architecture, Generation
from bootworthy.rehearsal import machine
from bootworthy.rehearsal.accelerator import accelerator_for
from bootworthy.rehearsal.controllers import Controller, choose_controller
from bootworthy.rehearsal.disks import Disks, make_disks
from bootworthy.rehearsal.firmware import Firmware
from bootworthy.rehearsal.machine import Machine, Wiring, qemu_arguments
from bootworthy.rehearsal.power import power_on

X64 = Architecture.X64
BIOS, UEFI = Generation.BIOS, Generation.UEFI


def _arguments(
    directory: Path,
    controller: Controller,
    *,
    data: int = 0,
    macs: tuple[str, ...] = (),
    generation: Generation = BIOS,
    architecture: Architecture = X64,
    firmware: Firmware | None = None,
) -> list[str]:
    disks = Disks(
        image=directory / "a,b.vhd",
        image_size=1 << 20,
        os_overlay=directory / "os.qcow2",
        resource=directory / "resource.raw",
        data=tuple(directory / f"data{number}.raw" for number in range(data)),
    )
    machine = Machine(
        generation=generation,
        architecture=architecture,
        controller=controller,
        vm_id="5d1c3a8e-0000-4000-8000-000000000001",
        firmware=firmware,
    )
    wiring = Wiring(
        serial=directory / "serial",
        dvd=directory / "a,b.udf",
        variables=directory / "vars",
        macs=macs,
    )
    return qemu_arguments(machine, accelerator_for(architecture, emulate=True), disks, wiring)


def _devices(words: list[str]) -> list[str]:
    return [words[number + 1] for number, word in enumerate(words) if word == "-device"]


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


def test_data_disks_and_interfaces_are_counted_from_zero(tmp_path: Path) -> None:
    macs = ("00:0d:3a:00:00:01", "00:0d:3a:00:00:02")
    devices = _devices(_arguments(tmp_path, Controller.IDE, data=2, macs=macs))
    cards = [item for item in devices if item.startswith("virtio-net-pci,")]
    disks = [item for item in devices if item.startswith("scsi-hd,")]

    assert [item.split(",")[:3] for item in disks] == [
        ["scsi-hd", "drive=data0", "bus=data.0"],
        ["scsi-hd", "drive=data1", "bus=data.0"],
    ]
    assert ["lun=0" in item for item in disks] == [True, False]
    assert [item.split(",")[1:3] for item in cards] == [
        ["netdev=net0", f"mac={macs[0]}"],
        ["netdev=net1", f"mac={macs[1]}"],
    ]


def test_on_nvme_the_os_disk_is_booted_and_data_disks_are_namespaces(tmp_path: Path) -> None:
    devices = _devices(_arguments(tmp_path, Controller.NVME, generation=UEFI, data=2))

    assert "nvme,drive=os,serial=AZROOT,bootindex=0" in devices
    assert devices.index("nvme,id=data,serial=AZDATA") < devices.index(
        "nvme-ns,drive=data0,bus=data,nsid=1"
    )
    assert "nvme-ns,drive=data1,bus=data,nsid=2" in devices
    assert not [item for item in devices if item.startswith("scsi-hd")]


@pytest.mark.parametrize(("smm", "board"), [(True, "q35,smm=on"), (False, "q35")])
def test_firmware_that_needs_smm_has_its_flash_guarded(
    smm: bool, board: str, tmp_path: Path
) -> None:
    firmware = Firmware(code=tmp_path / "code", variables=tmp_path / "keys", needs_smm=smm)
    words = _arguments(tmp_path, Controller.VIRTIO_SCSI, generation=UEFI, firmware=firmware)
    flash = [word for word in words if word.startswith("if=pflash")]

    assert words[words.index("-machine") + 1] == board
    assert ("driver=cfi.pflash01,property=secure,value=on" in words) is smm
    assert "readonly=on" in flash[0]
    # The machine's own copy: the template stays as it is.
    assert flash[1].endswith(f"file={tmp_path / 'vars'}")


def test_an_arm64_machine_is_a_virt_board_without_anything_of_a_pc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = tmp_path / "qemu-system-aarch64"
    emulator.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    firmware = Firmware(code=tmp_path / "code", variables=tmp_path / "empty")
    words = _arguments(
        tmp_path,
        Controller.VIRTIO_SCSI,
        generation=UEFI,
        architecture=Architecture.ARM64,
        firmware=firmware,
        data=1,
    )

    assert words[0] == str(emulator)
    assert words[words.index("-machine") + 1].startswith("virt,")
    assert words[words.index("-cpu") + 1] == "cortex-a72"
    assert "-vga" not in words
    assert not [item for item in _devices(words) if item.startswith(("ide-", "ich9"))]
    assert len([item for item in _devices(words) if item.startswith("scsi-cd")]) == 1


def test_without_an_emulator_for_arm64_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="qemu-system-aarch64") as caught:
        _arguments(tmp_path, Controller.VIRTIO_SCSI, architecture=Architecture.ARM64)

    assert (caught.value.code, caught.value.hint) == ("qemu-missing", "apt install qemu-system-arm")


@pytest.mark.parametrize(("host", "fits"), [("x86_64", False), ("aarch64", True)])
def test_red_hats_emulator_is_of_the_hosts_architecture(
    host: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = tmp_path / "qemu-kvm"
    emulator.touch(0o755)
    monkeypatch.setattr(machine, "_NATIVE_EMULATOR", str(emulator))
    monkeypatch.setattr(platform, "machine", lambda: host)
    monkeypatch.setenv("PATH", str(tmp_path))

    if fits:
        assert machine.emulator_for(Architecture.ARM64) == str(emulator)
    else:
        with pytest.raises(HostError, match="qemu-system-aarch64 is not installed"):
            machine.emulator_for(Architecture.ARM64)


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
        "s.sendall(b'Linux version 6\\n'); s.sendall(s.recv(99).upper()); time.sleep(600)"
    )
    argv = ["python3", "-c", talk, str(serial)]
    with power_on(argv, serial=serial, log=tmp_path / "log") as running:
        process = running.process
        running.type(b"hello\n")
        while "HELLO" not in running.console.text and running.seconds < 60:
            subprocess.run(["sleep", "0.05"], check=True)
        heard = running.console.text

    assert heard == "Linux version 6\nHELLO\n"
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
