"""Blocks that an XFS has free, by the B+tree of each allocation group that sorts them by place.

Source: Linux, fs/xfs/libxfs/xfs_format.h (superblock, AGF, short-form B+tree blocks). Only version
5 is read, where everything has a CRC-32C, its own address, and its owner; when anything does not
add up, nothing is free.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bootworthy.disk import crc32c
from bootworthy.disk.probes.area import Area
from bootworthy.disk.probes.xfs import is_surely_clean
from bootworthy.disk.vhd_stream import Span

_SECTOR = 512
_VERSION_5 = 5

# finobt, rmapbt, reflink, inobtcount.
_KNOWN_RO = 0x1 | 0x2 | 0x4 | 0x8
# ftype, sparse inodes, metadata UUID, bigtime, large extent counts, exchange of ranges, parent
# pointers. Not needsrepair, nor metadata directories and zones, which came with realtime groups.
_KNOWN_INCOMPAT = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80
_INCOMPAT_META_UUID = 0x4

_SUPERBLOCK_CHECKSUM = 224
_AGF_CHECKSUM = 216
_TREE_CHECKSUM = 52
_TREE_HEADER = 56

# Levels of such a tree at most (XFS_BTREE_MAXLEVELS is 9), and what is read of all trees together:
# 64 Ki blocks hold the places of 16 million free extents, of 4 KiB each.
_MAX_LEVELS = 9
_MAX_TREE_BLOCKS = 1 << 16
_MAX_GROUPS = 1 << 16
_MAX_SPANS = 1 << 20

Rows = npt.NDArray[np.int64]


class _Damaged(Exception):  # noqa: N818 - a way out, told to nobody
    """Something does not add up."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """The superblock's numbers; ``block`` and ``sector`` are bytes, the others blocks or counts."""

    block: int
    sector: int
    blocks: int
    group_blocks: int
    groups: int
    uuid: bytes

    def size_of(self, group: int) -> int:
        """How many blocks a group has."""
        return min(self.group_blocks, self.blocks - group * self.group_blocks)


def free_spans(area: Area) -> Iterator[Span]:
    """Spans (start, end), in bytes of the area, of blocks that are free; in order.

    Raises:
        ImageError: the image cannot be read.
    """
    layout = _read_layout(area)
    if layout is None or not is_surely_clean(area):
        return
    try:
        spans = list(_Trees(area, layout).spans())
    except _Damaged:
        return
    yield from spans


def _read_layout(area: Area) -> _Layout | None:
    raw = area.at(0, _SECTOR)
    (block, blocks, realtime) = struct.unpack_from(">IQQ", raw, 4)
    group_blocks, groups = struct.unpack_from(">II", raw, 84)
    version, sector = struct.unpack_from(">HH", raw, 100)
    ro_compat, incompat, log_incompat = struct.unpack_from(">III", raw, 212)
    if version & 0xF != _VERSION_5 or realtime or log_incompat or raw[126]:
        return None
    if ro_compat & ~_KNOWN_RO or incompat & ~_KNOWN_INCOMPAT:
        return None
    if sector not in (512, 1024, 2048, 4096) or block not in (1024, 2048, 4096, 8192, 16384):
        return None
    if not _checksum_fits(area.at(0, sector), _SUPERBLOCK_CHECKSUM):
        return None
    layout = _Layout(
        block=block,
        sector=sector,
        blocks=blocks,
        group_blocks=group_blocks,
        groups=groups,
        uuid=raw[248:264] if incompat & _INCOMPAT_META_UUID else raw[32:48],
    )
    return layout if _is_sane(layout, area.size) else None


def _is_sane(layout: _Layout, size: int) -> bool:
    if not layout.group_blocks or not 0 < layout.groups <= _MAX_GROUPS:
        return False
    whole = (layout.groups - 1) * layout.group_blocks
    return whole < layout.blocks <= whole + layout.group_blocks and (
        layout.blocks * layout.block <= size
    )


def _checksum_fits(raw: bytes, place: int) -> bool:
    """Whether the CRC at ``place`` is that of all of it, counted with zeros in its own place."""
    blanked = raw[:place] + bytes(4) + raw[place + 4 :]
    found = crc32c.of_bytes(blanked) ^ crc32c.ALL_ONES
    return found == int.from_bytes(raw[place : place + 4], "little")


class _Trees:
    """The trees of one file system."""

    def __init__(self, area: Area, layout: _Layout) -> None:
        self._area = area
        self._layout = layout
        self._read = 0

    def spans(self) -> Iterator[Span]:
        """All that is free; raises _Damaged where any group is not to be trusted."""
        count = 0
        for group in range(self._layout.groups):
            base = group * self._layout.group_blocks
            for start, length in self._free(group).tolist():
                count += 1
                if count > _MAX_SPANS:
                    return
                first = (base + start) * self._layout.block
                yield first, first + length * self._layout.block

    def _free(self, group: int) -> Rows:
        """Places and lengths of the free extents of a group."""
        layout = self._layout
        offset = group * layout.group_blocks * layout.block + layout.sector
        raw = self._area.at(offset, layout.sector)
        magic, version, number, size, root = struct.unpack_from(">4sIIII", raw)
        (levels,) = struct.unpack_from(">I", raw, 28)
        (free,) = struct.unpack_from(">I", raw, 52)
        right = (b"XAGF", 1, group, layout.size_of(group))
        if (magic, version, number, size) != right or raw[64:80] != layout.uuid:
            raise _Damaged
        if not 0 < levels <= _MAX_LEVELS or not _checksum_fits(raw, _AGF_CHECKSUM):
            raise _Damaged
        leaves = [self._records(block) for block in self._leaves(group, root, levels - 1)]
        rows = np.concatenate(leaves)
        ends = rows[:, 0] + rows[:, 1]
        fits = rows[:, 1].all() and (rows[1:, 0] > ends[:-1]).all() and (ends <= size).all()
        # The headers of a group are in its first block and never free.
        if not fits or not rows[:, 0].all() or int(rows[:, 1].sum()) != free:
            raise _Damaged
        return rows

    def _leaves(self, group: int, root: int, level: int) -> Iterator[bytes]:
        raw = self._block(group, root, level)
        if level == 0:
            yield raw
            return
        count = int.from_bytes(raw[6:8], "big")
        most = (self._layout.block - _TREE_HEADER) // 12
        if not 0 < count <= most:
            raise _Damaged
        pointers = np.frombuffer(raw, ">u4", count, _TREE_HEADER + 8 * most)
        for pointer in pointers.tolist():
            yield from self._leaves(group, pointer, level - 1)

    def _block(self, group: int, number: int, level: int) -> bytes:
        layout = self._layout
        self._read += 1
        if self._read > _MAX_TREE_BLOCKS or not 0 < number < layout.size_of(group):
            raise _Damaged
        offset = (group * layout.group_blocks + number) * layout.block
        raw = self._area.at(offset, layout.block)
        magic, found_level = struct.unpack_from(">4sH", raw)
        place, owner = int.from_bytes(raw[16:24], "big"), int.from_bytes(raw[48:52], "big")
        if (magic, found_level) != (b"AB3B", level) or raw[32:48] != layout.uuid:
            raise _Damaged
        if place * _SECTOR != offset or owner != group or not _checksum_fits(raw, _TREE_CHECKSUM):
            raise _Damaged
        return raw

    def _records(self, raw: bytes) -> Rows:
        count = int.from_bytes(raw[6:8], "big")
        if count > (self._layout.block - _TREE_HEADER) // 8:
            raise _Damaged
        found = np.frombuffer(raw, ">u4", 2 * count, _TREE_HEADER)
        return found.reshape(-1, 2).astype(np.int64)
