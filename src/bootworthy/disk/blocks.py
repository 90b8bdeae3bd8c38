"""Blocks of a disk in a host file, and bitmaps of the sectors in them that are there."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bootworthy.disk.extents import Ints, Kind, Rows, in_order, make_rows
from bootworthy.disk.hostfile import HostFile

Bytes: TypeAlias = npt.NDArray[np.uint8]

# Bitmaps are unpacked to one byte a sector: this many of them at once.
BATCH_SECTORS = 1 << 20
_FULL = 0xFF


def refuse_shared(file: HostFile, starts: Ints, lengths: Ints) -> None:
    """No tool lays two things into one place, but a few bytes could claim to be terabytes.

    Raises:
        ImageError: ``image-corrupt``, when areas of the file overlap.
    """
    order = np.argsort(starts, kind="stable")
    starts, lengths = starts[order], lengths[order]
    if np.any(starts[1:] < starts[:-1] + lengths[:-1]):
        file.corrupt("two of its blocks, or a block and a table, are in one place")


def refuse_beyond(file: HostFile, rows: Rows, size: int) -> None:
    """Data has to be inside a file of ``size`` bytes.

    Raises:
        ImageError: ``image-truncated``.
    """
    data = rows[rows["kind"] == Kind.DATA]
    end = int((data["host"] + data["length"]).max()) if len(data) else 0
    if end > size:
        file.truncated(end, "data")


def sector_rows(
    guest: Ints,
    host: Ints,
    bitmaps: Bytes,
    *,
    sectors: int,
    sector_size: int,
    bit_order: Literal["big", "little"],
) -> Rows:
    """The sectors of blocks whose bit is set, as runs of data.

    A block has ``sectors`` sectors, begins at ``guest`` on the disk and at ``host`` in the file,
    and has its bits in one row of ``bitmaps``.
    """
    # Most blocks have all of their sectors or none, and unpacking bits costs the most here.
    whole = np.all(bitmaps == _FULL, axis=1) & (sectors % 8 == 0)
    partly = np.any(bitmaps, axis=1) & ~whole
    full = make_rows(guest[whole], sectors * sector_size, Kind.DATA, host=host[whole])
    guest, host, bitmaps = guest[partly], host[partly], bitmaps[partly]
    bits = np.unpackbits(bitmaps, axis=1, count=sectors, bitorder=bit_order).view(np.int8)
    edges = np.diff(bits, axis=1, prepend=0, append=0)
    block, start = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    moved = start * sector_size
    length = (end - start) * sector_size
    return in_order(
        full, make_rows(guest[block] + moved, length, Kind.DATA, host=host[block] + moved)
    )
