"""Edits of the partition table of a disk that is ours: an open descriptor, writable.

Every edit is worked out first and then written, and nothing is written when nothing changes.
"""

from __future__ import annotations

import os
import struct
from dataclasses import replace

from bootworthy.disk import mbr as mbr_module
from bootworthy.disk.gpt import Gpt, State, entry_with_type
from bootworthy.disk.mbr import ENTRIES_OFFSET, ENTRY_SIZE, Entry, Mbr, ReadAt
from bootworthy.disk.partition_types import PROTECTIVE
from bootworthy.disk.partitions import protective_sectors, read_gpt, read_table
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.errors import ImageError
from bootworthy.model.image import TableKind

# UEFI 2.10, table 5.4: the protective partition starts at the second sector of the disk.
_PROTECTIVE_ENTRY = struct.Struct("<B3sB3sII")
_FIRST_SECTOR_CHS = b"\x00\x02\x00"
_NO_CHS = b"\xff\xff\xff"

_TYPE_BYTE = 4
_SECTORS_FIELD = 12


class _Disk:
    """The disk behind a descriptor; its offset is not moved."""

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size

    def read(self, offset: int, size: int) -> bytes:
        size = min(size, self.size - offset)
        return os.pread(self.fd, size, offset) if size > 0 else b""

    def write(self, offset: int, data: bytes) -> bool:
        """Put ``data`` at ``offset``; False when it was there."""
        if self.read(offset, len(data)) == data:
            return False
        view = memoryview(data)
        while view:
            written = os.pwrite(self.fd, view, offset)
            offset += written
            view = view[written:]
        return True


class _Imagined(_Disk):
    """A disk that is only read; what would be written to it is kept in ``changes``."""

    def __init__(self, read_at: ReadAt, size: int) -> None:
        super().__init__(-1, size)
        self._read_at = read_at
        self.changes: list[tuple[int, bytes]] = []

    def read(self, offset: int, size: int) -> bytes:
        size = min(size, self.size - offset)
        return self._read_at(offset, size) if size > 0 else b""

    def write(self, offset: int, data: bytes) -> bool:
        if self.read(offset, len(data)) == data:
            return False
        self.changes.append((offset, data))
        return True


def imagine_backup_gpt(read_at: ReadAt, disk_size: int) -> tuple[tuple[int, bytes], ...]:
    """What ``move_backup_gpt`` would write: offsets and bytes, in the order it writes them.

    ``read_at`` has to give ``disk_size`` bytes of disk, zeros behind the end of the source.

    Raises:
        ImageError: ``partition-in-the-way``, as ``move_backup_gpt``.
    """
    disk = _Imagined(read_at, disk_size)
    gpt = _gpt_of(disk)
    if gpt is not None:
        _store(disk, gpt)
    return tuple(disk.changes)


def move_backup_gpt(fd: int, disk_size: int) -> bool:
    """Make the GPT whole and fit for a disk of ``disk_size`` bytes: both copies, backup at the end.

    Also sets the last usable sector and the protective MBR. A damaged first copy is restored from
    the backup. Returns whether anything was written; False without a GPT.

    Raises:
        ImageError: ``partition-in-the-way``, when a partition lies where a copy has to be.
    """
    disk = _Disk(fd, disk_size)
    gpt = _gpt_of(disk)
    return False if gpt is None else _store(disk, gpt)


def remove_partition(fd: int, disk_size: int, number: int) -> bool:
    """Take partition ``number`` out of the table; what it held stays on the disk.

    Of the logical partitions only the last one can go, so that no other changes its number; the
    extended partition goes with the only one. Returns False, with nothing changed, when there is
    no such partition, when it is another logical one or holds some, or when the MBR beside the
    GPT lists partitions too.

    Raises:
        ImageError: ``partition-in-the-way``, as ``move_backup_gpt``.
    """
    disk = _Disk(fd, disk_size)
    gpt = _gpt_of(disk)
    if gpt is not None:
        return _replace_gpt_entry(disk, gpt, number, bytes(gpt.header.entry_size))
    mbr = _mbr_of(disk)
    return mbr is not None and _remove_mbr(disk, mbr, number)


def change_type(fd: int, disk_size: int, number: int, type_id: str) -> bool:
    """Give partition ``number`` another type: a GUID, or two hex digits in an MBR.

    Returns whether anything was written; False when there is no such partition.

    Raises:
        ImageError: ``partition-in-the-way``, as ``move_backup_gpt``.
    """
    disk = _Disk(fd, disk_size)
    gpt = _gpt_of(disk)
    if gpt is not None:
        entry = gpt.entry(number) if 1 <= number <= gpt.header.count else b""
        return _replace_gpt_entry(disk, gpt, number, entry_with_type(entry, type_id))
    mbr = _mbr_of(disk)
    entry_of = dict(mbr.numbered()) if mbr is not None else {}
    if number not in entry_of:
        return False
    return disk.write(entry_of[number].offset + _TYPE_BYTE, bytes.fromhex(type_id))


def _gpt_of(disk: _Disk) -> Gpt | None:
    if read_table(disk.read, disk.size).kind is not TableKind.GPT:
        return None
    return read_gpt(disk.read, disk.size)


def _mbr_of(disk: _Disk) -> Mbr | None:
    if read_table(disk.read, disk.size).kind is not TableKind.MBR:
        return None
    return mbr_module.read(disk.read, disk.size)


def _replace_gpt_entry(disk: _Disk, gpt: Gpt, number: int, entry: bytes) -> bool:
    mbr = mbr_module.read(disk.read, disk.size)
    hybrid = mbr is not None and any(other.type_id != PROTECTIVE for other in mbr.entries)
    if hybrid or number not in {used for used, _, _ in gpt.used()}:
        return False
    return gpt.entry(number) != entry and _store(disk, gpt.with_entry(number, entry))


def _store(disk: _Disk, gpt: Gpt) -> bool:
    """Write both copies and the protective MBR, the backup first: one copy is always whole."""
    last = gpt.sectors - 1
    primary_entries = gpt.header.entries_lba if gpt.primary.state is State.VALID else 2
    shared = replace(gpt.header, last_usable=last - gpt.array_sectors - 1)
    primary = replace(shared, lba=1, alternate=last, entries_lba=primary_entries)
    backup = replace(shared, lba=last, alternate=1, entries_lba=last - gpt.array_sectors)
    _refuse_in_the_way(gpt, primary_entries + gpt.array_sectors, backup.entries_lba)
    writes = (
        (backup.entries_lba * gpt.sector, gpt.entries),
        (last * gpt.sector, backup.pack(gpt.entries).ljust(gpt.sector, b"\0")),
        (primary_entries * gpt.sector, gpt.entries),
        (gpt.sector, primary.pack(gpt.entries).ljust(gpt.sector, b"\0")),
        (0, _protective_mbr(disk, gpt)),
    )
    changed = [disk.write(offset, data) for offset, data in writes]
    return any(changed)


def _refuse_in_the_way(gpt: Gpt, first: int, end: int) -> None:
    for number, start, last in gpt.used():
        if start < first or last >= end:
            raise ImageError(
                "partition-in-the-way",
                f"partition {number} (sectors {start} to {last}) lies where the GPT belongs, "
                f"which leaves sectors {first} to {end - 1}",
                hint="make the disk larger, or the partition smaller",
            )


def _protective_mbr(disk: _Disk, gpt: Gpt) -> bytes:
    """The first sector with a protective entry of the right size, its boot code untouched."""
    sector = bytearray(disk.read(0, SECTOR))
    mbr = mbr_module.read(disk.read, disk.size)
    size = protective_sectors(gpt.sectors)
    if mbr is None or not mbr.entries:
        entry = _PROTECTIVE_ENTRY.pack(0, _FIRST_SECTOR_CHS, int(PROTECTIVE, 16), _NO_CHS, 1, size)
        sector[ENTRIES_OFFSET:] = entry + bytes(3 * ENTRY_SIZE) + mbr_module.SIGNATURE
    elif mbr.protective is not None and len(mbr.entries) == 1:
        struct.pack_into("<I", sector, mbr.protective.offset + _SECTORS_FIELD, size)
    return bytes(sector)


def _remove_mbr(disk: _Disk, mbr: Mbr, number: int) -> bool:
    entry = next((entry for entry in mbr.entries if entry.slot + 1 == number), None)
    if entry is not None:
        holds = any(link.partition for link in mbr.links.get(entry.slot, ()))
        return not holds and _clear(disk, entry)
    return _remove_logical(disk, mbr, number)


def _remove_logical(disk: _Disk, mbr: Mbr, number: int) -> bool:
    logical = mbr.logical()
    if mbr.problems or not logical or number != mbr_module.PRIMARY_SLOTS + len(logical):
        return False
    slot, chain = next(
        (slot, chain)
        for slot, chain in reversed(mbr.links.items())
        if any(link.partition for link in chain)
    )
    used = [place for place, link in enumerate(chain) if link.partition]
    if len(used) == 1:
        extended = next(entry for entry in mbr.entries if entry.slot == slot)
        return _clear(disk, extended)
    # The link before the last one in use leads to it and to nothing else in use.
    before = chain[used[-1] - 1].next
    return before is not None and _clear(disk, before)


def _clear(disk: _Disk, entry: Entry) -> bool:
    return disk.write(entry.offset, bytes(ENTRY_SIZE))
