"""Which firmware can start a disk: BIOS by the code in its first sector, UEFI by its ESP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bootworthy.disk.mbr import SIGNATURE, ReadAt
from bootworthy.disk.partition_types import is_bios_boot, is_esp
from bootworthy.disk.partitions import PartitionTable
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.image import Partition, TableKind
from bootworthy.model.intent import Generation

# Behind the code come the disk's identifier and the partition table.
_CODE_SIZE = 440

# GRUB 2, include/grub/i386/pc/boot.h: where boot.img keeps the sector of the core image; a jump
# over the BIOS parameter block begins it, and its messages are in boot.S.
_GRUB2_JUMP = b"\xeb\x63\x90"
_GRUB2_KERNEL_SECTOR = slice(0x5C, 0x64)
_GRUB_NAME = b"GRUB \0"

# GRUB legacy 0.97, stage1/stage1.h: STAGE1_STAGE2_SECTOR.
_LEGACY_JUMP = b"\xeb\x48\x90"
_LEGACY_STAGE2_SECTOR = slice(0x44, 0x48)

# GRUB 2, boot/i386/pc/diskboot.S: block lists of 12 bytes (sector, count, segment) grow down from
# the end of the core image's first sector.
_BLOCK_LIST = 12
_MAX_CORE_SECTORS = 8192

_LILO = slice(6, 10)
# syslinux, core/diskstart.inc: the name of the system in the boot sector it installs.
_SYSLINUX = slice(3, 11)


class Loader(StrEnum):
    """Whose code is in the first sector."""

    NONE = "none"
    GRUB2 = "grub2"
    GRUB_LEGACY = "grub-legacy"
    LILO = "lilo"
    CHAIN = "chain"
    """Code that starts the active partition's: syslinux's mbr.bin, DOS, or any other."""


@dataclass(frozen=True, kw_only=True)
class BootCode:
    """What the BIOS would run from the first sector, and where that leads.

    ``core_sector`` is where GRUB's core image begins, None for other loaders; ``core_present``
    whether anything is there. ``core_runs`` are the pieces of GRUB 2's core image (sector, count).
    ``core_partition`` is the partition it lies in, ``chained`` the one that other code would go on
    with, when that has code of its own; both None where there is none.
    """

    loader: Loader
    signed: bool
    core_sector: int | None = None
    core_present: bool = False
    core_runs: tuple[tuple[int, int], ...] = ()
    core_partition: int | None = None
    chained: int | None = None


def read_boot_code(read_at: ReadAt, disk_size: int, table: PartitionTable) -> BootCode:
    """What the first sector of a disk would do."""
    sector = read_at(0, SECTOR).ljust(SECTOR, b"\0")
    loader = _loader_of(sector)
    signed = sector[510:512] == SIGNATURE
    if loader is Loader.GRUB2:
        start = int.from_bytes(sector[_GRUB2_KERNEL_SECTOR], "little")
        return _grub(read_at, disk_size, table, BootCode(loader=loader, signed=signed), start)
    if loader is Loader.GRUB_LEGACY:
        start = int.from_bytes(sector[_LEGACY_STAGE2_SECTOR], "little")
        return _grub(read_at, disk_size, table, BootCode(loader=loader, signed=signed), start)
    chained = _chained(read_at, table) if loader is Loader.CHAIN else None
    return BootCode(loader=loader, signed=signed, chained=chained)


def generations(boot_code: BootCode, table: PartitionTable) -> frozenset[Generation]:
    """The generations of machines that can start the disk, as far as it shows without its files.

    BIOS: signed code that leads somewhere; GRUB 2 on a GPT only with its core image in a BIOS boot
    partition. UEFI: an EFI system partition.
    """
    found = set()
    if _starts_by_bios(boot_code, table):
        found.add(Generation.BIOS)
    if any(is_esp(part) for part in table.partitions):
        found.add(Generation.UEFI)
    return frozenset(found)


def _starts_by_bios(code: BootCode, table: PartitionTable) -> bool:
    if not code.signed or code.loader is Loader.NONE:
        return False
    if code.loader is Loader.LILO:
        return True
    if code.loader is Loader.CHAIN:
        return code.chained is not None
    if code.loader is Loader.GRUB2 and table.kind is TableKind.GPT:
        inside = table.partition(code.core_partition) if code.core_partition else None
        return code.core_present and inside is not None and is_bios_boot(inside)
    return code.core_present


def _loader_of(sector: bytes) -> Loader:
    if not any(sector[:_CODE_SIZE]):
        return Loader.NONE
    if sector.startswith(_GRUB2_JUMP) and _GRUB_NAME in sector:
        return Loader.GRUB2
    if sector.startswith(_LEGACY_JUMP) and _GRUB_NAME in sector:
        return Loader.GRUB_LEGACY
    return Loader.LILO if sector[_LILO] == b"LILO" else Loader.CHAIN


def _grub(
    read_at: ReadAt, disk_size: int, table: PartitionTable, code: BootCode, start: int
) -> BootCode:
    inside = 0 < start < disk_size // SECTOR
    first = read_at(start * SECTOR, SECTOR) if inside else b""
    place = start * SECTOR
    holder = next((part for part in table.partitions if part.start <= place < part.end), None)
    is_grub2 = code.loader is Loader.GRUB2
    return BootCode(
        loader=code.loader,
        signed=code.signed,
        core_sector=start,
        core_present=any(first),
        core_runs=((start, 1), *_block_list(first)) if is_grub2 and any(first) else (),
        core_partition=holder.number if holder else None,
    )


def _block_list(first: bytes) -> Iterator[tuple[int, int]]:
    """The rest of a core image, as its first sector lists it, to a bound."""
    total = 0
    for offset in range(SECTOR - _BLOCK_LIST, 0, -_BLOCK_LIST):
        start = int.from_bytes(first[offset : offset + 8], "little")
        count = int.from_bytes(first[offset + 8 : offset + 10], "little")
        total += count
        if not start or not count or total > _MAX_CORE_SECTORS:
            return
        yield start, count


def _chained(read_at: ReadAt, table: PartitionTable) -> int | None:
    """The active partition, if its first sector is signed code; 0 for syslinux on a bare disk."""
    if table.kind is TableKind.NONE:
        return 0 if read_at(0, SECTOR)[_SYSLINUX] in (b"SYSLINUX", b"EXTLINUX") else None
    for part in table.partitions:
        if part.bootable and _has_code(read_at, part):
            return part.number
    return None


def _has_code(read_at: ReadAt, part: Partition) -> bool:
    sector = read_at(part.start, SECTOR)
    return sector[510:512] == SIGNATURE and any(sector[:_CODE_SIZE])
