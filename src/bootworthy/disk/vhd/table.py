"""The block allocation table of a dynamic or differencing VHD, read into extents.

Source: Virtual Hard Disk Image Format Specification 1.0, "Block Allocation Table and Data Blocks"
and "Implementing a Differencing Hard Disk".
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
    joined,
    make_rows,
    merge,
    refuse_too_many,
)
from bootworthy.disk.footer import FOOTER_SIZE
from bootworthy.disk.placement import refuse_beyond, refuse_overlap
from bootworthy.disk.sizes import SECTOR
from bootworthy.disk.vhd.header import HEADER_SIZE
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.vhd.header import SparseHeader

_UNUSED = 0xFFFF_FFFF

# Maps 64 TiB in blocks of 1 MiB. Windows ends at 2 TiB and makes blocks of 2 MiB or 512 KiB.
_MAX_ENTRIES = 1 << 26
_BATCH_ENTRIES = 1 << 16


def read(file: HostFile, header: SparseHeader, size: int, *, differencing: bool) -> Rows:
    """The extents of a disk of ``size`` bytes, in its order.

    In a dynamic VHD a block that is there is data as a whole: like qemu, and other than the
    specification, this does not look at its bitmap, which some writers leave empty.

    Raises:
        ImageError: the table is damaged, or the file ends before what it points to.
    """
    read_batch = _sector_rows if differencing else _block_rows
    batches: list[Rows] = []
    places = [_tables(header)]
    total = count = 0
    for index, place in _allocated(file, header, size):
        count += len(index)
        refuse_too_many(count)
        places.append(_areas(header, index, place, size))
        for rows in read_batch(file, header, index, place):
            batches.append(merge(rows))
            total += len(batches[-1])
            refuse_too_many(total)
    refuse_overlap(file, *(np.concatenate(column) for column in zip(*places, strict=True)))
    rows = clip(merge(joined(batches)), size)
    refuse_beyond(file, rows)
    return rows


def _tables(header: SparseHeader) -> tuple[Ints, Ints]:
    """Where the copy of the footer, the header and the table are."""
    starts = np.array([0, header.offset, header.table_offset], np.int64)
    return starts, np.array([FOOTER_SIZE, HEADER_SIZE, header.entries * 4], np.int64)


def _areas(header: SparseHeader, index: Ints, place: Ints, size: int) -> tuple[Ints, Ints]:
    """What blocks take in the file; the last one may end with the disk."""
    length = np.minimum(header.block_size, size - index * header.block_size)
    return place, header.bitmap_size + length


def _allocated(file: HostFile, header: SparseHeader, size: int) -> Iterator[tuple[Ints, Ints]]:
    """The numbers of blocks that are there and their places in the file, some at a time."""
    needed = -(-size // header.block_size)
    if header.entries < needed:
        file.corrupt(f"its table has {header.entries} blocks instead of {needed}")
    if needed > _MAX_ENTRIES:
        raise ImageError(
            "image-too-complex",
            f"{file.path} has a table of {needed} blocks, more than {_MAX_ENTRIES}",
            hint="convert it with larger blocks, with the tool that made it",
        )
    for start in range(0, needed, _BATCH_ENTRIES):
        count = min(_BATCH_ENTRIES, needed - start)
        raw = file.pread_exact(header.table_offset + start * 4, count * 4, "block table")
        sectors = np.frombuffer(raw, ">u4").astype(np.int64)
        used = np.flatnonzero(sectors != _UNUSED)
        yield used + start, sectors[used] * SECTOR


def _block_rows(_file: HostFile, header: SparseHeader, index: Ints, place: Ints) -> Iterator[Rows]:
    size = header.block_size
    yield make_rows(index * size, size, Kind.DATA, host=place + header.bitmap_size)


def _sector_rows(file: HostFile, header: SparseHeader, index: Ints, place: Ints) -> Iterator[Rows]:
    """The sectors that the child has; those whose bit is clear are the parent's."""
    size = header.block_size
    sectors = size // SECTOR
    used = -(-sectors // 8)
    step = max(sector_bitmaps.BATCH_SECTORS // sectors, 1)
    for start in range(0, len(index), step):
        batch = slice(start, start + step)
        raw = b"".join(
            file.pread_exact(offset, used, "sector bitmap") for offset in place[batch].tolist()
        )
        yield sector_bitmaps.sector_rows(
            index[batch] * size,
            place[batch] + header.bitmap_size,
            np.frombuffer(raw, np.uint8).reshape(-1, used),
            sectors=sectors,
            sector_size=SECTOR,
            bit_order="big",
        )
