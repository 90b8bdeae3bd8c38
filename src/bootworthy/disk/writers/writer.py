"""What every writer offers: where the disk goes in its file, and what stands around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, TypeAlias

import numpy as np

from bootworthy.disk.copying import write_at
from bootworthy.disk.extents import ExtentMap, Ints, Kind

Patch: TypeAlias = tuple[int, bytes]
"""An offset of the disk and the bytes that belong there."""


class Writer(ABC):
    """Writes a disk of ``size`` bytes, a multiple of 512, in one format.

    The order is ``lay_out``, then data at what ``place`` says, then ``seal``. Each may be repeated
    after an interruption. Only what ``occupied`` holds can be placed.
    """

    name: ClassVar[str]
    """The format, as ``--to`` takes it."""

    title: ClassVar[str]
    """The format in words."""

    reads_as: ClassVar[str]
    """The name of the container format that reads it."""

    max_size: ClassVar[int | None] = None
    """The largest disk the format holds, in bytes; None when other limits come first."""

    unit: ClassVar[int | None] = None
    """The bytes of a block, in formats that leave out the blocks of which nothing is occupied."""

    def __init__(self, size: int, occupied: Occupied) -> None:
        self.size = size
        self.occupied = occupied

    @abstractmethod
    def lay_out(self, fd: int) -> None:
        """Give the file its length; what was written to it before stays."""

    @abstractmethod
    def place(self, guest: int, length: int) -> Iterable[tuple[int | None, int]]:
        """Where ``length`` bytes of the disk at ``guest`` belong: offsets and lengths.

        The offset is None for bytes that are zeros and have no place.
        """

    @abstractmethod
    def seal(self, fd: int) -> None:
        """Write what makes the file one of its format; the last step."""

    def patch(self, fd: int, patches: Iterable[Patch]) -> None:
        """Write bytes of the disk to their places."""
        for guest, data in patches:
            done = 0
            for target, length in self.place(guest, len(data)):
                if target is not None:
                    write_at(fd, data[done : done + length], target)
                done += length


class Occupied:
    """Which parts of a disk hold anything: starts and ends, in order."""

    def __init__(self, starts: Ints, ends: Ints) -> None:
        self.starts = starts
        self.ends = ends

    @classmethod
    def of(cls, extents: ExtentMap, patches: Iterable[Patch] = ()) -> Occupied:
        """What a disk stores, and what will be written over it."""
        rows = extents.rows
        held = (rows["kind"] == Kind.DATA) | (rows["kind"] == Kind.ENCODED)
        starts = rows["guest"][held]
        return cls(*_together(starts, starts + rows["length"][held])).and_patches(patches)

    def and_patches(self, patches: Iterable[Patch]) -> Occupied:
        """These parts, and what will be written over them."""
        extra = [(offset, offset + len(data)) for offset, data in patches]
        added = np.array(extra, np.int64).reshape(-1, 2)
        starts = np.concatenate((self.starts, added[:, 0]))
        ends = np.concatenate((self.ends, added[:, 1]))
        order = np.argsort(starts, kind="stable")
        return Occupied(starts[order], ends[order])

    def below(self, size: int) -> Occupied:
        """The parts on a disk cut to ``size`` bytes."""
        kept = self.starts < size
        return Occupied(self.starts[kept], np.minimum(self.ends[kept], size))

    def units(self, unit: int) -> Ints:
        """The numbers of the units of ``unit`` bytes that are touched, in order."""
        first, last = self.starts // unit, (self.ends - 1) // unit
        # +1 where a run begins, -1 behind its end: units where the sum is positive are touched.
        count = int(last.max()) + 1 if len(last) else 0
        change = np.zeros(count + 1, np.int32)
        np.add.at(change, first, 1)
        np.add.at(change, last + 1, -1)
        return np.flatnonzero(np.cumsum(change, out=change)[:count] > 0)


def _together(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Parts in order, those joined that touch: compressed clusters are many and mostly do."""
    if not len(starts):
        return starts, ends
    apart = np.flatnonzero(starts[1:] != ends[:-1])
    return starts[np.append(0, apart + 1)], ends[np.append(apart, len(ends) - 1)]
