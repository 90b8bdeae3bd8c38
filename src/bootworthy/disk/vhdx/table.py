"""The block allocation table of a VHDX file, read into extents.

Source: [MS-VHDX] 2.5, "BAT".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

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

_NOT_PRESENT, _UNDEFINED, _ZERO, _UNMAPPED, _FULLY_PRESENT = 0, 1, 2, 3, 6
_READ_AS_ZERO = (_UNDEFINED, _ZERO, _UNMAPPED)
_STATE = 7
_BATCH_ENTRIES = 1 << 16


def read(file: HostFile, layout: Layout, metadata: Metadata) -> Rows:
    """The extents of the disk, in its order.

    Raises:
        ImageError: the table is damaged, or the file ends before what it points to.
    """
    batches: list[Rows] = []
    total = 0
    for index, entries in _entries(file, layout, metadata):
        batches.append(merge(_rows(file, metadata, index, entries)))
        total += len(batches[-1])
        refuse_too_many(total)
    rows = clip(np.concatenate(batches) if batches else no_rows(), metadata.size)
    data = rows[rows["kind"] == Kind.DATA]
    areas = [(area.offset, area.length) for area in layout.areas]
    tables = np.array(areas, np.int64)
    refuse_overlap(
        file,
        np.concatenate((tables[:, 0], data["host"])),
        np.concatenate((tables[:, 1], data["length"])),
    )
    refuse_beyond(file, rows)
    return merge(rows)


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
    state = entries & _STATE
    present, zero = state == _FULLY_PRESENT, np.isin(state, _READ_AS_ZERO)
    if np.any(~(present | zero | (state == _NOT_PRESENT))):
        file.corrupt("its table has a block of no state that a disk without a parent can have")
    host = entries[present] & -MIB
    # No file reaches here, and sums of offsets have to stay in 64 bits.
    if np.any((host < 0) | (host >= 1 << 62)):
        file.corrupt("a block lies at an impossible offset")
    size = metadata.block_size
    return in_order(
        make_rows(index[present] * size, size, Kind.DATA, host=host),
        make_rows(index[zero] * size, size, Kind.ZERO),
    )
