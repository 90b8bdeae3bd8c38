"""The block allocation table of a VHDX file, read into extents.

Source: [MS-VHDX] 2.5, "BAT".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from bootworthy.disk import sector_bitmaps
from bootworthy.disk.extents import (
    Ints,
    Kind,
    Rows,
    clip,
    in_order,
    make_rows,
    merge,
    no_rows,
    refuse_too_many,
)
from bootworthy.disk.placement import refuse_beyond, refuse_overlap
from bootworthy.disk.sizes import MIB

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.vhdx.header import Layout
    from bootworthy.disk.vhdx.metadata import Metadata

_NOT_PRESENT, _UNDEFINED, _ZERO, _UNMAPPED, _FULLY_PRESENT, _PARTIALLY_PRESENT = 0, 1, 2, 3, 6, 7
_READ_AS_ZERO = (_UNDEFINED, _ZERO, _UNMAPPED)
_BITMAP_PRESENT = 6
_STATE = 7
_BATCH_ENTRIES = 1 << 16

# No file reaches here, and sums of offsets have to stay in 64 bits.
_MAX_OFFSET = 1 << 62


def read(file: HostFile, layout: Layout, metadata: Metadata) -> Rows:
    """The extents of the disk that are not its parent's, in its order.

    Raises:
        ImageError: the table is damaged, or the file ends before what it points to.
    """
    whole, blocks, sectors = _Batches(), _Batches(), _Batches()
    bitmaps = _Bitmaps(file, layout, metadata)
    for index, entries in _entries(file, layout, metadata):
        partly = _partly_present(file, metadata, index, entries)
        for rows in bitmaps.rows(partly):
            sectors.add(rows)
        blocks.add(partly)
        whole.add(_rows(file, metadata, index, entries))
        refuse_too_many(whole.count + blocks.count + sectors.count)
    rows = clip(whole.rows(), metadata.size)
    held = rows[rows["kind"] == Kind.DATA], clip(blocks.rows(), metadata.size)
    areas = [(area.offset, area.length) for area in layout.areas] + bitmaps.areas()
    tables = np.array(areas, np.int64)
    refuse_overlap(
        file,
        np.concatenate((tables[:, 0], *(part["host"] for part in held))),
        np.concatenate((tables[:, 1], *(part["length"] for part in held))),
    )
    rows = in_order(rows, clip(sectors.rows(), metadata.size))
    refuse_beyond(file, rows)
    return merge(rows)


class _Batches:
    """Rows in order of the disk that come some at a time."""

    def __init__(self) -> None:
        self.count = 0
        self._batches: list[Rows] = []

    def add(self, rows: Rows) -> None:
        self._batches.append(merge(rows))
        self.count += len(self._batches[-1])
        refuse_too_many(self.count)

    def rows(self) -> Rows:
        return np.concatenate(self._batches) if self._batches else no_rows()


def _entries(file: HostFile, layout: Layout, metadata: Metadata) -> Iterator[tuple[Ints, Ints]]:
    """The numbers of blocks and their entries, some at a time.

    After the entries of ``chunk_ratio`` blocks comes one for their sector bitmaps, which say
    something in differencing disks only.
    """
    ratio = metadata.chunk_ratio
    needed = metadata.blocks + (metadata.blocks - 1) // ratio
    if needed * 8 > layout.bat.length:
        file.corrupt(f"its table has {layout.bat.length // 8} entries instead of {needed}")
    for start in range(0, needed, _BATCH_ENTRIES):
        count = min(_BATCH_ENTRIES, needed - start)
        raw = file.pread_exact(layout.bat.offset + start * 8, count * 8, "block table")
        place = np.arange(start, start + count)
        payload = place % (ratio + 1) != ratio
        index = place - place // (ratio + 1)
        yield index[payload], np.frombuffer(raw, "<i8").astype(np.int64)[payload]


def _rows(file: HostFile, metadata: Metadata, index: Ints, entries: Ints) -> Rows:
    """The blocks that are there as a whole, and those that are zeros."""
    state = entries & _STATE
    present, zero = state == _FULLY_PRESENT, np.isin(state, _READ_AS_ZERO)
    known = present | zero | (state == _NOT_PRESENT)
    if metadata.parent is not None:
        known |= state == _PARTIALLY_PRESENT
    if not np.all(known):
        file.corrupt("its table has a block of no state that such a disk can have")
    size = metadata.block_size
    return in_order(
        _blocks(file, metadata, index[present], entries[present]),
        make_rows(index[zero] * size, size, Kind.ZERO),
    )


def _partly_present(file: HostFile, metadata: Metadata, index: Ints, entries: Ints) -> Rows:
    """The blocks of which some sectors are the parent's."""
    if metadata.parent is None:
        return no_rows()
    partly = (entries & _STATE) == _PARTIALLY_PRESENT
    return _blocks(file, metadata, index[partly], entries[partly])


def _blocks(file: HostFile, metadata: Metadata, index: Ints, entries: Ints) -> Rows:
    host = entries & -MIB
    if np.any((host < 0) | (host >= _MAX_OFFSET)):
        file.corrupt("a block lies at an impossible offset")
    return make_rows(index * metadata.block_size, metadata.block_size, Kind.DATA, host=host)


class _Bitmaps:
    """The blocks of sector bitmaps: each has a bit for each sector of the blocks of a chunk."""

    def __init__(self, file: HostFile, layout: Layout, metadata: Metadata) -> None:
        self._file = file
        self._bat = layout.bat
        self._metadata = metadata
        self._places: dict[int, int] = {}

    def areas(self) -> list[tuple[int, int]]:
        """Where the bitmaps are that were used, and how long they are."""
        return [(place, MIB) for place in self._places.values()]

    def rows(self, blocks: Rows) -> Iterator[Rows]:
        """The sectors that are there of blocks that are there in part, some at a time."""
        size, sector_size = self._metadata.block_size, self._metadata.sector_size
        sectors = size // sector_size
        step = max(sector_bitmaps.BATCH_SECTORS // sectors, 1)
        for start in range(0, len(blocks), step):
            batch = blocks[start : start + step]
            raw = b"".join(self._bits(*run) for run in self._runs(batch["guest"] // size))
            yield sector_bitmaps.sector_rows(
                batch["guest"],
                batch["host"],
                np.frombuffer(raw, np.uint8).reshape(len(batch), -1),
                sectors=sectors,
                sector_size=sector_size,
                # [MS-VHDX] 2.4: bit 0 of byte 0 is the entry for the first sector.
                bit_order="little",
            )

    def _runs(self, numbers: Ints) -> Iterator[tuple[int, int]]:
        """The first of blocks that follow each other in a chunk, and how many they are."""
        apart = (np.diff(numbers) != 1) | (numbers[1:] % self._metadata.chunk_ratio == 0)
        starts = np.concatenate(([0], np.flatnonzero(apart) + 1))
        counts = np.diff(starts, append=len(numbers))
        yield from zip(numbers[starts].tolist(), counts.tolist(), strict=True)

    def _bits(self, block: int, count: int) -> bytes:
        chunk, number = divmod(block, self._metadata.chunk_ratio)
        if chunk not in self._places:
            self._places[chunk] = self._place(chunk)
        size = self._metadata.block_size // self._metadata.sector_size // 8
        at = self._places[chunk] + number * size
        return self._file.pread_exact(at, count * size, "sector bitmap")

    def _place(self, chunk: int) -> int:
        ratio = self._metadata.chunk_ratio
        at = (chunk * (ratio + 1) + ratio) * 8
        if at + 8 > self._bat.length:
            self._file.corrupt("its table ends before the entry of a sector bitmap")
        raw = self._file.pread_exact(self._bat.offset + at, 8, "block table")
        entry = int.from_bytes(raw, "little")
        place = entry & ~(MIB - 1)
        if entry & _STATE != _BITMAP_PRESENT or place >= _MAX_OFFSET:
            self._file.corrupt("its table names no sector bitmap for a block that needs one")
        return place
