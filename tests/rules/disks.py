"""Disks for rules: a healthy one that boots both ways, and the parts to make others of."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from bootworthy.disk import footer
from tests.disk.making import MIB, patch, run
from tests.guest.engines.disks import ESP_TYPE, Part, make_disk
from tests.rules.healthy import ESP_UUID, ROOT_UUID

BIOS_BOOT_TYPE = "21686148-6449-6E6F-744E-656564454649"
SWAP_TYPE = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
SWAP_UUID = "0a1d5a52-7a0e-4b7c-8f44-5b9f0c6db005"

BIOS_BOOT = Part(kind="none", size=MIB, type_id=BIOS_BOOT_TYPE)
ESP = Part(kind="vfat", size=4 * MIB, type_id=ESP_TYPE, uuid=ESP_UUID)
ROOT = Part(kind="ext4", size=18 * MIB, uuid=ROOT_UUID)
SWAP = Part(kind="none", size=2 * MIB, type_id=SWAP_TYPE)
PARTS = (BIOS_BOOT, ESP, ROOT)
"""The partitions of the healthy disk; the last one is the root."""

ROOT_NUMBER = 3


def disk(
    path: Path, parts: Sequence[Part] = PARTS, *, label: str = "gpt", grub: int = 2048
) -> Path:
    """A raw disk of these partitions, with GRUB's core image at sector ``grub`` (0: no GRUB)."""
    make_disk(path, parts, label=label)
    if grub:
        install_grub(path, grub)
    return path


def vhd(path: Path, parts: Sequence[Part] = PARTS, *, label: str = "gpt", grub: int = 2048) -> Path:
    """The same as a fixed VHD, which Azure would take."""
    return seal(disk(path, parts, label=label, grub=grub))


def mbr_disk(path: Path, parts: Sequence[Part] = (), *, grub: int = 1) -> Path:
    """A raw disk with an MBR, GRUB in the gap behind it; a root partition when none is named."""
    plain = Part(kind="ext4", size=20 * MIB, uuid=ROOT_UUID, type_id="83")
    return disk(path, parts or (plain,), label="dos", grub=grub)


def seal(path: Path) -> Path:
    """Make a fixed VHD of a raw disk by the footer behind it."""
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(footer.build(size))
    return path


def install_grub(path: Path, core: int) -> None:
    """Put the first sector of GRUB 2 on a disk, and something at the sector of its core image."""
    boot = bytearray(b"\xeb\x63\x90" + bytes(437))
    boot[0x180:0x186] = b"GRUB \0"
    struct.pack_into("<Q", boot, 0x5C, core)
    patch(path, 0, bytes(boot))
    patch(path, core * 512, b"\x52\x56\xbe")


def make_swap(path: Path, start: int, size: int) -> None:
    """Put a swap signature at an offset."""
    alone = path.with_suffix(".swap")
    with alone.open("wb") as file:
        file.truncate(size)
    run("mkswap", "-U", SWAP_UUID, alone)
    patch(path, start, alone.read_bytes()[:4096])
    alone.unlink()


def make_physical_volume(path: Path, start: int) -> None:
    """Label what is at an offset as an LVM physical volume (lib/format_text/layout.h)."""
    identity = b"0123456789abcdefghijklmnopqrstuv"
    label = struct.pack("<8sQII8s", b"LABELONE", 1, 0, 32, b"LVM2 001")
    patch(path, start + 512, label + identity)


def make_raid_member(path: Path, start: int) -> None:
    """Put the superblock of a software RAID 1.1 at an offset (linux/raid/md_p.h)."""
    patch(path, start, struct.pack("<III", 0xA92B4EFC, 1, 0).ljust(256, b"\0"))


def make_luks(path: Path, start: int) -> None:
    """Put the header of LUKS 2 at an offset."""
    patch(path, start, b"LUKS\xba\xbe\0\2".ljust(512, b"\0"))
