"""The MBR partition table with its chain of logical partitions, as Linux reads it.

Source: Linux, block/partitions/msdos.c; UEFI specification 2.10, section 5.2 (layout).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from bootworthy.disk.partition_types import EXTENDED, PROTECTIVE
from bootworthy.disk.problem import Problem, ProblemKind
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.image import Partition

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Reads a disk: offset and size in bytes; fewer bytes at its end."""

SIGNATURE = b"\x55\xaa"
ENTRIES_OFFSET = 446
ENTRY_SIZE = 16
PRIMARY_SLOTS = 4
DISK_ID_OFFSET = 440

_ENTRY = struct.Struct("<B3sB3sII")
_ACTIVE = 0x80

# sfdisk stops at 60 logical partitions, the kernel at 256 partitions of a disk.
_MAX_LINKS = 256


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One slot of a table in the sector at ``table``; ``start`` and ``sectors`` count sectors.

    ``start`` is from the beginning of the disk, whatever the table counts from.
    """

    table: int
    slot: int
    active: bool
    type_id: str
    start: int
    sectors: int

    @property
    def offset(self) -> int:
        """Where the slot itself is on the disk, in bytes."""
        return self.table * SECTOR + ENTRIES_OFFSET + self.slot * ENTRY_SIZE

    @property
    def is_extended(self) -> bool:
        """Whether it leads to logical partitions."""
        return self.type_id in EXTENDED


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link in the chain of logical partitions: its sector, its partition, the next link."""

    sector: int
    partition: Entry | None
    next: Entry | None


@dataclass(frozen=True, kw_only=True)
class Mbr:
    """A valid MBR; ``entries`` are the slots in use, ``links`` the chain by extended slot."""

    disk_id: int
    entries: tuple[Entry, ...]
    links: dict[int, tuple[Link, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def protective(self) -> Entry | None:
        """The entry that says the disk has a GPT."""
        return next((entry for entry in self.entries if entry.type_id == PROTECTIVE), None)

    def logical(self) -> tuple[Entry, ...]:
        """The logical partitions in the order of their numbers, which begin at 5."""
        return tuple(
            link.partition
            for chain in self.links.values()
            for link in chain
            if link.partition is not None
        )

    def numbered(self) -> Iterator[tuple[int, Entry]]:
        """Every partition with the number Linux gives it."""
        for entry in self.entries:
            yield entry.slot + 1, entry
        yield from enumerate(self.logical(), PRIMARY_SLOTS + 1)

    def partitions(self) -> tuple[Partition, ...]:
        """The partitions in the order of their numbers."""
        return tuple(
            Partition(
                number=number,
                start=entry.start * SECTOR,
                size=entry.sectors * SECTOR,
                type_id=entry.type_id,
                part_uuid=f"{self.disk_id:08x}-{number:02x}",
                bootable=entry.active,
            )
            for number, entry in self.numbered()
        )


def read(read_at: ReadAt, disk_size: int) -> Mbr | None:
    """The MBR of a disk, or None when its first sector is something else."""
    sector = read_at(0, SECTOR)
    if not is_table(sector):
        return None
    entries = tuple(_entries(sector, table=0, base=0))
    problems: list[Problem] = []
    links: dict[int, tuple[Link, ...]] = {}
    for entry in entries:
        if entry.is_extended:
            links[entry.slot] = tuple(_chain(read_at, entry, disk_size // SECTOR, problems))
    return Mbr(
        disk_id=int.from_bytes(sector[DISK_ID_OFFSET : DISK_ID_OFFSET + 4], "little"),
        entries=entries,
        links=links,
        problems=tuple(problems),
    )


def is_table(sector: bytes) -> bool:
    """Whether a first sector is an MBR: signed, and no other boot indicator than 0 and 0x80.

    A boot sector of FAT or NTFS is signed as well, but has code where the table would be.
    """
    if len(sector) < SECTOR or sector[510:512] != SIGNATURE:
        return False
    indicators = sector[ENTRIES_OFFSET : ENTRIES_OFFSET + 4 * ENTRY_SIZE : ENTRY_SIZE]
    return all(indicator in (0, _ACTIVE) for indicator in indicators)


def _entries(
    sector: bytes, *, table: int, base: int, extended_base: int | None = None
) -> Iterator[Entry]:
    """The slots in use; extended ones count from ``extended_base``, the others from ``base``."""
    for slot in range(PRIMARY_SLOTS):
        raw = _ENTRY.unpack_from(sector, ENTRIES_OFFSET + slot * ENTRY_SIZE)
        indicator, _, kind, _, start, sectors = raw
        if not sectors or not kind:
            continue
        type_id = f"{kind:02x}"
        from_ = base if extended_base is None or type_id not in EXTENDED else extended_base
        yield Entry(
            table=table,
            slot=slot,
            active=indicator == _ACTIVE,
            type_id=type_id,
            start=from_ + start,
            sectors=sectors,
        )


def _chain(
    read_at: ReadAt, extended: Entry, disk_sectors: int, problems: list[Problem]
) -> Iterator[Link]:
    """Follow the links inside ``extended``; a broken chain ends there and is told."""
    end = min(extended.start + extended.sectors, disk_sectors)
    seen: set[int] = set()
    sector = extended.start
    while True:
        inside = extended.start <= sector < end
        data = read_at(sector * SECTOR, SECTOR) if inside else b""
        signed = data[510:512] == SIGNATURE
        if inside and not signed and not seen:
            return  # nobody made a logical partition yet
        if not signed or sector in seen or len(seen) >= _MAX_LINKS:
            text = f"the chain of logical partitions breaks at sector {sector}"
            problems.append(Problem(ProblemKind.LOGICAL_CHAIN, text, extended.slot + 1))
            return
        seen.add(sector)
        link = _link(data, sector, extended.start)
        yield link
        if link.next is None:
            return
        sector = link.next.start


def _link(data: bytes, sector: int, extended_start: int) -> Link:
    # Only the first two slots of a link are ever used (UEFI leaves this to DOS; sfdisk agrees).
    slots = [
        entry
        for entry in _entries(data, table=sector, base=sector, extended_base=extended_start)
        if entry.slot < 2  # noqa: PLR2004 - a partition and a link
    ]
    return Link(
        sector=sector,
        partition=next((entry for entry in slots if not entry.is_extended), None),
        next=next((entry for entry in slots if entry.is_extended), None),
    )
