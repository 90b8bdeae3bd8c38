"""Bitmaps of the sectors in a block that are there, as differencing VHD and VHDX have them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bootworthy.disk.extents import Ints, Kind, Rows, in_order, make_rows

Bytes: TypeAlias = npt.NDArray[np.uint8]

# Bitmaps are unpacked to one byte a sector: this many of them at once.
BATCH_SECTORS = 1 << 20
_FULL = 0xFF


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
