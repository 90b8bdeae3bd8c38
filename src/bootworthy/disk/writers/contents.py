"""Which blocks of a disk hold anything but zeros: the others need no place in a file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bootworthy.disk.container import Container
from bootworthy.disk.extents import Ints, Kind
from bootworthy.disk.sizes import KIB
from bootworthy.disk.writers.writer import Occupied

# Data begins early in nearly every block: little of a disk is read to know.
_FIRST = 4 * KIB
_GRAIN = 64 * KIB

# Blocks that one thread looks at before it reports.
_BATCH = 32


def without_zeros(
    container: Container,
    occupied: Occupied,
    unit: int,
    on_bytes: Callable[[int, int], None] = lambda _done, _total: None,
) -> Occupied:
    """The blocks of ``unit`` bytes that ``occupied`` touches and that hold a byte other than zero.

    ``on_bytes`` is told how many bytes of blocks were looked at, and of how many.

    Raises:
        ImageError: the image is damaged.
    """
    from bootworthy.disk.ordered import OrderedPool

    touched = occupied.units(unit)
    found: list[Ints] = []
    done = [0]

    def look(numbers: Ints) -> Ints:
        return numbers[[_holds_data(container, int(number) * unit, unit) for number in numbers]]

    def take(numbers: Ints, kept: Ints) -> None:
        found.append(kept)
        done[0] += len(numbers) * unit
        on_bytes(done[0], len(touched) * unit)

    with OrderedPool(look, take) as pool:
        for start in range(0, len(touched), _BATCH):
            pool.submit(touched[start : start + _BATCH])
    kept = np.concatenate(found) if found else touched
    return Occupied(kept * unit, (kept + 1) * unit)


def _holds_data(container: Container, start: int, length: int) -> bool:
    for extent in container.extents().window(start, length):
        if extent.kind not in (Kind.DATA, Kind.ENCODED):
            continue
        at, step = extent.guest, _FIRST
        while at < extent.end:
            data = container.pread(at, min(step, extent.end - at))
            if data.count(0) != len(data):
                return True
            at, step = at + len(data), _GRAIN
    return False
