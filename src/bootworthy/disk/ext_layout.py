"""The superblock and the group descriptors of an ext file system, as far as free blocks need them.

Source: Linux, Documentation/filesystems/ext4 (super.rst, group_descr.rst) and fs/ext4/super.c for
the checksums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bootworthy.disk import crc32c
from bootworthy.disk.probes.area import Area

_SUPERBLOCK = 1024
_SIZE = 1024
_CHECKSUM = 0x3FC

_COMPAT_SPARSE_SUPER2 = 0x200
_INCOMPAT_64BIT = 0x80
_INCOMPAT_CSUM_SEED = 0x2000
_RO_SPARSE_SUPER = 0x1
_RO_GDT_CSUM = 0x10
_RO_METADATA_CSUM = 0x400

# filetype, extents, 64bit, flex_bg, ea_inode, csum_seed, largedir, inline_data, encrypt, casefold.
# Not meta_bg: its descriptors are elsewhere.
_KNOWN_INCOMPAT = 0x2 | 0x40 | 0x80 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
# sparse_super, large_file, huge_file, gdt_csum, dir_nlink, extra_isize, quota, metadata_csum,
# project, verity. Not bigalloc, whose bitmaps count clusters; not snapshots, shared blocks,
# replicas or orphans that are still to be deleted.
_KNOWN_RO = 0x1 | 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x400 | 0x2000 | 0x8000

_BLOCK_UNINIT = 0x2
_BLOCK_SIZES = (1024, 2048, 4096)

# 16 TiB in groups of 128 MiB; a larger file system is sent whole.
_MAX_GROUPS = 1 << 17

# struct ext4_group_desc, little endian; the second half only in descriptors of 64 bytes.
_LOW = [
    ("bitmap", "<u4"),
    ("inode_bitmap", "<u4"),
    ("inode_table", "<u4"),
    ("free", "<u2"),
    ("free_inodes", "<u2"),
    ("directories", "<u2"),
    ("flags", "<u2"),
    ("exclude", "<u4"),
    ("bitmap_checksum", "<u2"),
    ("inode_bitmap_checksum", "<u2"),
    ("unused_inodes", "<u2"),
    ("checksum", "<u2"),
]
_HIGH = [
    ("bitmap_high", "<u4"),
    ("inode_bitmap_high", "<u4"),
    ("inode_table_high", "<u4"),
    ("free_high", "<u2"),
    ("free_inodes_high", "<u2"),
    ("directories_high", "<u2"),
    ("unused_inodes_high", "<u2"),
    ("exclude_high", "<u4"),
    ("bitmap_checksum_high", "<u2"),
    ("inode_bitmap_checksum_high", "<u2"),
    ("reserved", "<u4"),
]
_SHORT, _LONG = 32, 64
_FIELD = slice(0x1E, 0x20)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The superblock's numbers; ``first`` is the first block of group 0, sizes are blocks.

    ``block`` and ``descriptor`` are bytes. ``checked`` says that everything has a CRC-32C,
    ``grouped_checksums`` that descriptors have the older CRC-16.
    """

    block: int
    blocks: int
    first: int
    per_group: int
    table_blocks: int
    reserved_blocks: int
    descriptor: int
    sparse_super: bool
    checked: bool
    grouped_checksums: bool
    seed: int
    uuid: bytes
    free: int

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return -(-(self.blocks - self.first) // self.per_group)

    @property
    def descriptor_blocks(self) -> int:
        """How many blocks the descriptors of all groups take."""
        return -(-self.groups * self.descriptor // self.block)

    @property
    def bitmap_checksum_mask(self) -> int:
        """Short descriptors keep half of a bitmap's checksum."""
        return 0xFFFF_FFFF if self.descriptor == _LONG else 0xFFFF

    def size_of(self, group: int) -> int:
        """How many blocks a group has."""
        return min(self.per_group, self.blocks - self.first - group * self.per_group)

    def has_superblock(self, group: int) -> bool:
        """Whether a group begins with a copy of the superblock and the descriptors."""
        if group <= 1 or not self.sparse_super:
            return True
        return any(_is_power(group, base) for base in (3, 5, 7))


def _is_power(number: int, base: int) -> bool:
    while number > 1 and number % base == 0:
        number //= base
    return number == 1


def read_layout(area: Area) -> Layout | None:
    """The layout; None where the file system is damaged or has anything not known here."""
    raw = area.at(_SUPERBLOCK, _SIZE)

    def little(at: int, size: int = 4) -> int:
        return int.from_bytes(raw[at : at + size], "little")

    incompat, ro_compat = little(0x60), little(0x64)
    strange = incompat & ~_KNOWN_INCOMPAT or ro_compat & ~_KNOWN_RO
    checked = bool(ro_compat & _RO_METADATA_CSUM)
    if strange or little(0x5C) & _COMPAT_SPARSE_SUPER2:
        return None
    if checked and crc32c.of_bytes(raw[:_CHECKSUM]) != little(_CHECKSUM):
        return None
    wide = bool(incompat & _INCOMPAT_64BIT)
    uuid = raw[0x68:0x78]
    block = 1024 << min(little(0x18), 8)
    layout = Layout(
        block=block,
        blocks=little(0x4) | (little(0x150) << 32 if wide else 0),
        first=little(0x14),
        per_group=little(0x20),
        table_blocks=-(-little(0x28) * (little(0x58, 2) or 128) // block),
        reserved_blocks=little(0xCE, 2),
        descriptor=little(0xFE, 2) if wide else _SHORT,
        sparse_super=bool(ro_compat & _RO_SPARSE_SUPER),
        checked=checked,
        grouped_checksums=bool(ro_compat & _RO_GDT_CSUM),
        seed=little(0x270) if incompat & _INCOMPAT_CSUM_SEED else crc32c.of_bytes(uuid),
        uuid=uuid,
        free=little(0xC) | (little(0x158) << 32 if wide else 0),
    )
    return layout if _is_sane(layout, area.size) else None


def _is_sane(layout: Layout, size: int) -> bool:
    if layout.block not in _BLOCK_SIZES or layout.descriptor not in (_SHORT, _LONG):
        return False
    # Fewer blocks in a group than a bitmap has bits is legal, and rare.
    if layout.first != int(layout.block == _SIZE) or layout.per_group != 8 * layout.block:
        return False
    if not layout.first < layout.blocks or layout.blocks * layout.block > size:
        return False
    return layout.groups <= _MAX_GROUPS


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The group descriptors, in columns; places are blocks of the file system."""

    bitmap: Ints
    inode_bitmap: Ints
    inode_table: Ints
    free: Ints
    checksum: Ints
    uninitialized: npt.NDArray[np.bool_]

    def structures(self, layout: Layout) -> dict[int, list[tuple[int, int]]]:
        """The file system's own structures in each group: blocks counted from its first one.

        With flex_bg the bitmaps and tables of a group lie in another.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        for number in range(layout.groups):
            if layout.has_superblock(number):
                copy = 1 + layout.descriptor_blocks + layout.reserved_blocks
                found.setdefault(number, []).append((0, copy))
        for start, length in self._placed(layout):
            for group, begin, end in _split(start - layout.first, length, layout.per_group):
                found.setdefault(group, []).append((begin, end))
        return found

    def _placed(self, layout: Layout) -> Iterator[tuple[int, int]]:
        columns = ((self.bitmap, 1), (self.inode_bitmap, 1))
        for column, length in (*columns, (self.inode_table, layout.table_blocks)):
            for start in column.tolist():
                yield start, length


def _split(start: int, length: int, size: int) -> Iterator[tuple[int, int, int]]:
    """A run of blocks, cut where groups of ``size`` begin: group, begin and end in it."""
    while length > 0:
        group, begin = divmod(start, size)
        part = min(length, size - begin)
        yield group, begin, begin + part
        start, length = start + part, length - part


def read_groups(area: Area, layout: Layout) -> Groups | None:
    """The descriptors; None when a checksum, a place or the sum of the counts is wrong."""
    raw = area.at((layout.first + 1) * layout.block, layout.groups * layout.descriptor)
    rows = np.frombuffer(raw, np.uint8).reshape(layout.groups, layout.descriptor)
    wide = layout.descriptor == _LONG
    fields = rows.view(np.dtype(_LOW + _HIGH if wide else _LOW)).reshape(-1)

    def whole(name: str, bits: int) -> Ints:
        low = fields[name].astype(np.int64)
        return low | fields[f"{name}_high"].astype(np.int64) << bits if wide else low

    lazily = layout.checked or layout.grouped_checksums
    groups = Groups(
        bitmap=whole("bitmap", 32),
        inode_bitmap=whole("inode_bitmap", 32),
        inode_table=whole("inode_table", 32),
        free=whole("free", 16),
        checksum=whole("bitmap_checksum", 16),
        uninitialized=(fields["flags"] & _BLOCK_UNINIT != 0) & lazily,
    )
    fits = _places_fit(groups, layout) and int(groups.free.sum()) == layout.free
    return groups if fits and _checksums_fit(rows, fields["checksum"], layout) else None


def _places_fit(groups: Groups, layout: Layout) -> bool:
    columns = ((groups.bitmap, 1), (groups.inode_bitmap, 1))
    return all(
        bool(np.all((column > layout.first) & (column <= layout.blocks - length)))
        for column, length in (*columns, (groups.inode_table, layout.table_blocks))
    )


def _checksums_fit(
    rows: npt.NDArray[np.uint8], right: npt.NDArray[np.uint16], layout: Layout
) -> bool:
    numbers = np.arange(len(rows), dtype="<u4").view(np.uint8).reshape(-1, 4)
    if layout.checked:
        blanked = rows.copy()
        blanked[:, _FIELD] = 0
        seeds = np.full(len(rows), layout.seed, np.uint32)
        found = crc32c.of_rows(np.hstack((numbers, blanked)), seeds) & 0xFFFF
        return bool(np.all(found == right))
    if layout.grouped_checksums:
        uuid = np.tile(np.frombuffer(layout.uuid, np.uint8), (len(rows), 1))
        without = (rows[:, : _FIELD.start], rows[:, _FIELD.stop :])
        return bool(np.all(_crc16(np.hstack((uuid, numbers, *without))) == right))
    return True


def _crc16(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """CRC-16 of each row as lib/crc/crc16.c has it: 0x8005 reflected, begun with all ones."""
    result = np.full(len(rows), 0xFFFF, np.uint16)
    for column in np.ascontiguousarray(rows.T):
        result = result ^ column
        for _ in range(8):
            result = np.where(result & 1, (result >> 1) ^ np.uint16(0xA001), result >> 1)
    return result.astype(np.uint16)
