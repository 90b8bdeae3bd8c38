"""The harness itself, on disks of one sector that speak on the serial port and do one thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.boot import harness
from tests.boot.harness import BootFailedError, Bus, Firmware, Machine, boot

pytestmark = pytest.mark.boot

_LOADED_AT = 0x7C00
_MIB = 1024 * 1024

# cli; xor ax, ax; mov ds, ax; mov es, ax
_START = bytes.fromhex("fa 31c0 8ed8 8ec0")
# lodsb; test al, al; jz +6; mov dx, 3f8h; out dx, al; jmp -11
_PRINT = bytes.fromhex("ac 84c0 7406 baf803 ee ebf5")
# hlt; jmp -3
_HALT = bytes.fromhex("f4 ebfd")
# mov al, feh; out 64h, al: the keyboard controller resets the machine
_RESET = bytes.fromhex("b0fe e664")
# sti; mov ax, 0301h; mov bx, 7c00h; mov cx, 2; mov dh, 0; int 13h; jnc +3: write sector 2, or
# halt where the BIOS refused
_WRITE = bytes.fromhex("fb b80103 bb007c b90200 b600 cd13 7303") + _HALT


def _disk(path: Path, said: str, *, before: bytes = b"", after: bytes = b"") -> Path:
    """A disk of one MiB that says something, with machine code before and after."""
    opening = _START + before
    length = len(opening) + 3 + len(_PRINT) + len(after) + len(_HALT)
    text = (_LOADED_AT + length).to_bytes(2, "little")
    code = opening + b"\xbe" + text + _PRINT + after + _HALT + said.encode() + b"\0"
    path.write_bytes(code.ljust(510, b"\0") + b"\x55\xaa" + bytes(_MIB - 512))
    return path


def test_waits_for_what_the_machine_says_and_times_it(tmp_path: Path) -> None:
    image = _disk(tmp_path / "disk.raw", "web01 login: ")
    with boot(Machine(image=image, firmware=Firmware.BIOS)) as running:
        assert running.wait(r"(\w+) login: ", 60).group(1) == "web01"
        assert list(running.timings) == ["firmware", "login"]
        assert "Booting from Hard Disk" in running.console.text


@pytest.mark.parametrize("bus", [Bus.AHCI, Bus.VIRTIO_BLK, Bus.VIRTIO_SCSI])
def test_every_bus_boots(tmp_path: Path, bus: Bus) -> None:
    image = _disk(tmp_path / "disk.raw", "here I am")
    with boot(Machine(image=image, firmware=Firmware.BIOS, bus=bus)) as running:
        running.wait("here I am", 60)


def test_a_card_is_isolated_and_no_machine_has_one_unasked(tmp_path: Path) -> None:
    image = _disk(tmp_path / "disk.raw", "")
    plain = Machine(image=image, firmware=Firmware.BIOS)
    carded = replace(plain, network=True)

    started = plain.argv(Path("serial"), Path("variables"))
    assert "-netdev" not in started
    assert started[started.index("-nic") + 1] == "none"
    assert "user,id=net,restrict=on" in carded.argv(Path("serial"), Path("variables"))
    with boot(carded) as running:
        running.wait("Booting from Hard Disk", 60)


def test_the_image_is_never_written(tmp_path: Path) -> None:
    image = _disk(tmp_path / "disk.raw", "written", before=_WRITE)
    before = image.read_bytes()
    with boot(Machine(image=image, firmware=Firmware.BIOS)) as running:
        running.wait("written", 60)
    assert image.read_bytes() == before


def test_a_fixed_vhd_is_the_disk_before_its_footer(tmp_path: Path) -> None:
    image = _disk(tmp_path / "disk.vhd", "from a VHD")
    with image.open("ab") as file:
        file.write(b"conectix".ljust(512, b"\0"))
    machine = Machine(image=image, firmware=Firmware.BIOS)
    assert f"size={_MIB}," in " ".join(machine.argv(Path("serial"), Path("variables")))
    with boot(machine) as running:
        running.wait("from a VHD", 60)


def test_a_dead_end_fails_before_the_limit_and_keeps_the_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "LOGS", tmp_path / "logs")
    image = _disk(tmp_path / "disk.raw", "Kernel panic - not syncing: no init")
    machine = Machine(image=image, firmware=Firmware.BIOS)
    with (
        pytest.raises(
            BootFailedError, match="panicked: Kernel panic - not syncing: no init"
        ) as got,
        boot(machine) as running,
    ):
        running.wait("login: ", 3600)
    (log,) = (tmp_path / "logs").iterdir()
    assert "Kernel panic" in log.read_text()
    assert got.value.__notes__ == [f"console kept in {log}"]


def test_a_machine_that_says_nothing_more_fails_at_the_limit(tmp_path: Path) -> None:
    image = _disk(tmp_path / "disk.raw", "GRUB loading.")
    with boot(Machine(image=image, firmware=Firmware.BIOS)) as running:
        running.wait("GRUB loading", 60)
        with pytest.raises(BootFailedError, match="no 'login: ' within 1 s"):
            running.wait("login: ", 1)


def test_a_machine_that_stops_fails_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "LOGS", tmp_path / "logs")
    image = _disk(tmp_path / "disk.raw", "bye", after=_RESET)
    with (
        pytest.raises(BootFailedError, match="the machine stopped before 'login: '"),
        boot(Machine(image=image, firmware=Firmware.BIOS)) as running,
    ):
        running.wait("login: ", 3600)


def test_uefi_firmware_starts_with_empty_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "LOGS", tmp_path / "logs")
    image = _disk(tmp_path / "disk.raw", "no UEFI program")
    with (
        pytest.raises(BootFailedError, match="the firmware fell into its shell"),
        boot(Machine(image=image, firmware=Firmware.UEFI)) as running,
    ):
        running.wait("login: ", 120)
    assert "no UEFI program" not in running.console.text


def test_a_machine_that_cannot_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "LOGS", tmp_path / "logs")
    machine = Machine(
        image=_disk(tmp_path / "disk.raw", ""), firmware=Firmware.BIOS, extra=("-device", "flux")
    )
    with pytest.raises(BootFailedError, match="'flux' is not a valid device"), boot(machine) as run:
        run.wait("login: ", 60)
