"""The GUID partition table: both copies, checked; and how they are written.

Source: UEFI specification 2.10, section 5.3.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from bootworthy.disk.mbr import ReadAt
from bootworthy.model.image import Partition

SIGNATURE = b"EFI PART"

# signature, revision, header size, CRC, reserved, own LBA, other LBA, first and last usable LBA,
# disk GUID, entries LBA, count, size, CRC.
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_CRC = slice(16, 20)
_NO_CRC = bytes(4)
_UNUSED = bytes(16)

# The specification's smallest entry and array; sgdisk makes arrays of up to 1024 entries and more.
_MIN_ENTRY_SIZE = 128
_MAX_ENTRY_SIZE = 4096
_MAX_ARRAY = 1 << 20

_LEGACY_BOOTABLE = 1 << 2


class State(Enum):
    """How a copy of the table was found."""

    VALID = "valid"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header; places count sectors. ``extra`` is what a longer header holds behind 92 bytes."""

    revision: int
    lba: int
    alternate: int
    first_usable: int
    last_usable: int
    disk_guid: bytes
    entries_lba: int
    count: int
    entry_size: int
    extra: bytes = b""

    def pack(self, entries: bytes) -> bytes:
        """The header as it is on the disk, for these entries."""
        raw = _HEADER.pack(
            SIGNATURE,
            self.revision,
            _HEADER.size + len(self.extra),
            0,
            0,
            self.lba,
            self.alternate,
            self.first_usable,
            self.last_usable,
            self.disk_guid,
            self.entries_lba,
            self.count,
            self.entry_size,
            zlib.crc32(entries),
        )
        raw += self.extra
        return raw[:16] + struct.pack("<I", zlib.crc32(raw)) + raw[20:]


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One copy of the table: its header and its array of entries."""

    state: State
    header: Header | None = None
    entries: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Gpt:
    """A table of which at least one copy is valid, on a disk of ``sectors`` times ``sector``.

    ``header`` and ``entries`` are of the copy that counts: the first one, or the backup when the
    first one is not valid.
    """

    sector: int
    sectors: int
    header: Header
    entries: bytes
    primary: Copy
    backup: Copy

    @property
    def array_sectors(self) -> int:
        """How many sectors the array of entries takes."""
        return -(-len(self.entries) // self.sector)

    @property
    def disk_id(self) -> str:
        """The GUID of the disk, in lower case."""
        return str(uuid.UUID(bytes_le=self.header.disk_guid))

    def used(self) -> Iterator[tuple[int, int, int]]:
        """Number, first and last sector of each partition, however wrong."""
        for number, raw in self._used_entries():
            _, _, first, last, _, _ = _ENTRY.unpack_from(raw)
            yield number, first, last

    def partitions(self) -> tuple[Partition, ...]:
        """The partitions in the order of their numbers, but those that end before they start."""
        return tuple(
            _partition(number, raw, self.sector)
            for number, raw in self._used_entries()
            if _is_forward(raw)
        )

    def _used_entries(self) -> Iterator[tuple[int, bytes]]:
        for number in range(1, self.header.count + 1):
            raw = self.entry(number)
            if raw[:16] != _UNUSED:
                yield number, raw

    def entry(self, number: int) -> bytes:
        """The entry of partition ``number``."""
        size = self.header.entry_size
        return self.entries[(number - 1) * size : number * size]

    def with_entry(self, number: int, entry: bytes) -> Gpt:
        """This table with another entry for partition ``number``."""
        start = (number - 1) * self.header.entry_size
        entries = self.entries[:start] + entry + self.entries[start + len(entry) :]
        return replace(self, entries=entries)


def _is_forward(raw: bytes) -> bool:
    _, _, first, last, _, _ = _ENTRY.unpack_from(raw)
    return bool(first <= last)


def _partition(number: int, raw: bytes, sector: int) -> Partition:
    type_guid, guid, first, last, attributes, name = _ENTRY.unpack_from(raw)
    return Partition(
        number=number,
        start=first * sector,
        size=(last - first + 1) * sector,
        type_id=str(uuid.UUID(bytes_le=type_guid)),
        name=name.decode("utf-16-le", "replace").split("\0")[0],
        part_uuid=str(uuid.UUID(bytes_le=guid)),
        bootable=bool(attributes & _LEGACY_BOOTABLE),
    )


def entry_with_type(entry: bytes, type_id: str) -> bytes:
    """The entry ``entry`` with another type GUID."""
    return uuid.UUID(type_id).bytes_le + entry[16:]


def read(read_at: ReadAt, disk_size: int, sector: int) -> Gpt | None:
    """The table of a disk with sectors of ``sector`` bytes, or None when no copy is valid."""
    sectors = disk_size // sector
    primary = _read_copy(read_at, 1, sector, sectors)
    backup = _read_backup(read_at, primary, sector, sectors)
    best = primary if primary.state is State.VALID else backup
    if best.state is not State.VALID or best.header is None:
        return None
    return Gpt(
        sector=sector,
        sectors=sectors,
        header=best.header,
        entries=best.entries,
        primary=primary,
        backup=backup,
    )


def _read_backup(read_at: ReadAt, primary: Copy, sector: int, sectors: int) -> Copy:
    """The backup where the first copy says it is, or else at the end of the disk."""
    places = [sectors - 1]
    if primary.header is not None:
        # A damaged header may still know; a valid one certainly does.
        places.insert(0, primary.header.alternate)
    found = Copy(state=State.MISSING)
    for lba in places:
        copy = _read_copy(read_at, lba, sector, sectors)
        if copy.state is State.VALID:
            return copy
        found = copy if found.state is State.MISSING else found
    return found


def _read_copy(read_at: ReadAt, lba: int, sector: int, sectors: int) -> Copy:
    raw = read_at(lba * sector, sector) if 1 <= lba < sectors else b""
    if len(raw) < sector or not raw.startswith(SIGNATURE):
        return Copy(state=State.MISSING)
    fields = _HEADER.unpack_from(raw)
    header_size, crc, entries_crc = fields[2], fields[3], fields[13]
    header = Header(
        revision=fields[1],
        lba=fields[5],
        alternate=fields[6],
        first_usable=fields[7],
        last_usable=fields[8],
        disk_guid=fields[9],
        entries_lba=fields[10],
        count=fields[11],
        entry_size=fields[12],
        extra=raw[_HEADER.size : header_size],
    )
    damaged = Copy(state=State.DAMAGED, header=header)
    if not _HEADER.size <= header_size <= sector or _crc_of(raw[:header_size]) != crc:
        return damaged
    if header.lba != lba or not _is_sane(header, sector, sectors):
        return damaged
    size = header.count * header.entry_size
    entries = read_at(header.entries_lba * sector, size)
    if len(entries) < size or zlib.crc32(entries) != entries_crc:
        return damaged
    return Copy(state=State.VALID, header=header, entries=entries)


def _crc_of(raw: bytes) -> int:
    return zlib.crc32(raw[: _CRC.start] + _NO_CRC + raw[_CRC.stop :])


def _is_sane(header: Header, sector: int, sectors: int) -> bool:
    if not _MIN_ENTRY_SIZE <= header.entry_size <= _MAX_ENTRY_SIZE or header.entry_size % 8:
        return False
    size = header.count * header.entry_size
    return 0 < size <= _MAX_ARRAY and 1 < header.entries_lba < sectors - size // sector
