"""Where the bytes of a virtual disk are: runs of data, of zeros, and holes between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bootworthy.model.errors import ImageError


class Kind(IntEnum):
    """What an extent is.

    DATA lies as it is in a host file, ENCODED has to be decoded by the container, ZERO reads as
    zeros whatever a parent image holds there, HOLE was never written.
    """

    HOLE = 0
    DATA = 1
    ENCODED = 2
    ZERO = 3


ROW = np.dtype(
    [
        ("guest", np.int64),
        ("length", np.int64),
        ("host", np.int64),
        ("stored", np.int64),
        ("skip", np.int64),
        ("file", np.int16),
        ("kind", np.int8),
    ],
    align=True,
)
Rows: TypeAlias = npt.NDArray[np.void]
Ints: TypeAlias = npt.NDArray[np.int64]

# 256 GiB of compressed clusters of 64 KiB, in a map of 200 MB.
MAX_EXTENTS = 1 << 22

# Sums of two offsets below this stay in 64 bits.
_MAX_OFFSET = 1 << 62

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Extent:
    """A run of ``length`` bytes at ``guest`` on the virtual disk.

    DATA is at ``host`` in host file ``file``. ENCODED is ``stored`` bytes there; decoded, the run
    begins ``skip`` bytes into them.
    """

    guest: int
    length: int
    kind: Kind
    file: int = 0
    host: int = 0
    stored: int = 0
    skip: int = 0

    @property
    def end(self) -> int:
        """The first byte of the disk behind the run."""
        return self.guest + self.length

    def cut(self, start: int, end: int) -> Extent:
        """The part of the run between two offsets of the disk."""
        if start <= self.guest and self.end <= end:
            return self
        start, end = max(start, self.guest), min(end, self.end)
        moved = start - self.guest
        return replace(
            self,
            guest=start,
            length=end - start,
            host=self.host + (moved if self.kind is Kind.DATA else 0),
            skip=self.skip + (moved if self.kind is Kind.ENCODED else 0),
        )


def make_rows(
    guest: npt.ArrayLike,
    length: npt.ArrayLike,
    kind: npt.ArrayLike,
    *,
    host: npt.ArrayLike = 0,
    stored: npt.ArrayLike = 0,
    file: npt.ArrayLike = 0,
) -> Rows:
    """Rows of a map from columns; single values are repeated."""
    starts = np.atleast_1d(np.asarray(guest, np.int64))
    rows = np.zeros(len(starts), ROW)
    rows["guest"] = starts
    rows["length"] = length
    rows["kind"] = kind
    rows["host"] = host
    rows["stored"] = stored
    rows["file"] = file
    return rows


def no_rows() -> Rows:
    """The rows of an empty map."""
    return np.zeros(0, ROW)


def merge(rows: Rows) -> Rows:
    """Join neighbours that continue each other; ``rows`` are in order of the disk."""
    if len(rows) < 2:  # noqa: PLR2004 - one row has no neighbour
        return rows
    kind, length = rows["kind"], rows["length"]
    continues = (kind[1:] == Kind.DATA) & (rows["host"][:-1] + length[:-1] == rows["host"][1:])
    continues |= kind[1:] == Kind.ZERO
    if not np.any(continues):
        return rows
    continues &= (kind[:-1] == kind[1:]) & (rows["file"][:-1] == rows["file"][1:])
    continues &= rows["guest"][:-1] + length[:-1] == rows["guest"][1:]
    first = np.flatnonzero(np.concatenate(([True], ~continues)))
    merged = rows[first]
    merged["length"] = np.add.reduceat(length, first)
    return merged


def joined(batches: list[Rows]) -> Rows:
    """The rows of all batches, which are let go on the way: a map is never there twice.

    The last is the first to go, so that the memory behind it can go back to the system.
    """
    whole = np.empty(sum(len(batch) for batch in batches), ROW)
    end = len(whole)
    while batches:
        batch = batches.pop()
        whole[end - len(batch) : end] = batch
        end -= len(batch)
    return whole


def in_order(*parts: Rows) -> Rows:
    """Rows that are each in order of the disk, put together in that order."""
    filled = [part for part in parts if len(part)]
    if len(filled) < 2:  # noqa: PLR2004 - one part is in order already
        return filled[0] if filled else no_rows()
    rows = np.concatenate(filled)
    return rows[np.argsort(rows["guest"], kind="stable")]


def clip(rows: Rows, size: int) -> Rows:
    """The parts of ``rows``, which are in order, on a disk of ``size`` bytes."""
    rows = rows[: int(np.searchsorted(np.ascontiguousarray(rows["guest"]), size, "left"))]
    if len(rows) and int(rows["guest"][-1] + rows["length"][-1]) > size:
        rows = rows.copy()
        rows["length"][-1] = size - rows["guest"][-1]
    return rows


def cut(rows: Rows, starts: Ints, ends: Ints) -> Rows:
    """The parts of ``rows`` inside the intervals ``starts`` to ``ends``; all are in order."""
    begin, end = rows["guest"], rows["guest"] + rows["length"]
    first = np.searchsorted(ends, begin, "right")
    counts = np.maximum(np.searchsorted(starts, end, "left") - first, 0)
    row = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    interval = np.repeat(first, counts) + within
    result = rows[row]
    moved = np.maximum(starts[interval] - result["guest"], 0)
    result["guest"] += moved
    result["host"] += np.where(result["kind"] == Kind.DATA, moved, 0)
    result["skip"] += np.where(result["kind"] == Kind.ENCODED, moved, 0)
    result["length"] = np.minimum(end[row], ends[interval]) - result["guest"]
    return result


class ExtentMap:
    """The extents of a virtual disk of ``size`` bytes, in order, without overlap; gaps are holes.

    Rows beyond the disk are cut off and neighbours joined.

    Raises:
        ImageError: ``image-corrupt`` when rows overlap or are negative, ``image-too-complex``
            when there are more than ``MAX_EXTENTS``.
    """

    def __init__(self, size: int, rows: Rows) -> None:
        _refuse_impossible(rows)
        if np.any(rows["length"] == 0):
            rows = rows[rows["length"] > 0]
        if np.any(rows["guest"][1:] < rows["guest"][:-1]):
            rows = rows[np.argsort(rows["guest"], kind="stable")]
        if np.any(rows["guest"][1:] < rows["guest"][:-1] + rows["length"][:-1]):
            raise ImageError("image-corrupt", "two extents of the image cover the same place")
        rows = merge(clip(rows, size))
        refuse_too_many(len(rows))
        rows.setflags(write=False)
        self.size = size
        self.rows = rows

    @cached_property
    def _starts(self) -> Ints:
        # Searching needs a contiguous column; a view into the rows would be copied each time.
        return np.ascontiguousarray(self.rows["guest"])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Extent]:
        """Every run of the disk from its first byte to its last, holes included."""
        return self.window(0, self.size)

    def window(self, offset: int, size: int) -> Iterator[Extent]:
        """The runs of ``size`` bytes at ``offset``, cut to it, holes included."""
        end = min(offset + size, self.size)
        index = max(int(self._starts.searchsorted(offset, "right")) - 1, 0)
        for extent in self._from(index):
            if extent.guest >= end:
                break
            if extent.end <= offset:
                continue
            if extent.guest > offset:
                yield Extent(offset, extent.guest - offset, Kind.HOLE)
            piece = extent.cut(offset, end)
            yield piece
            offset = piece.end
        if offset < end:
            yield Extent(offset, end - offset, Kind.HOLE)

    def of_kind(self, kind: Kind) -> Iterator[Extent]:
        """The extents of one kind, except holes."""
        return extents_of(self.rows[self.rows["kind"] == kind])

    def bytes_of(self, kind: Kind) -> int:
        """How many bytes of the disk are of one kind, except holes."""
        return int(self.rows["length"][self.rows["kind"] == kind].sum())

    def _from(self, index: int) -> Iterator[Extent]:
        # A read mostly touches one or two rows: convert a few first.
        yield from extents_of(self.rows[index : index + 4])
        yield from extents_of(self.rows[index + 4 :])

    def holes(self) -> tuple[Ints, Ints]:
        """Starts and ends of the holes."""
        ends = np.concatenate(([0], self.rows["guest"] + self.rows["length"]))
        starts = np.concatenate((self.rows["guest"], [self.size]))
        open_ = starts > ends
        return ends[open_], starts[open_]

    def over(self, parent: ExtentMap, *, files: int) -> ExtentMap:
        """This map with its holes filled from ``parent``.

        The parent's host files are counted on from ``files``, the number of this map's own.
        """
        shown = cut(parent.rows, *self.holes())
        shown["file"] += np.where(shown["kind"] == Kind.ZERO, 0, files).astype(np.int16)
        return ExtentMap(self.size, in_order(self.rows, shown))


def refuse_too_many(count: int) -> None:
    """Stop before a map outgrows memory.

    Raises:
        ImageError: ``image-too-complex``.
    """
    if count > MAX_EXTENTS:
        raise ImageError(
            "image-too-complex",
            f"the image is scattered over more than {MAX_EXTENTS} pieces",
            hint="convert it with larger clusters or blocks, with the tool that made it; for a "
            "qcow2: qemu-img convert -O qcow2 -o cluster_size=2M IMAGE OUT.qcow2",
        )


def _refuse_impossible(rows: Rows) -> None:
    for column in ("guest", "length", "host", "stored", "skip"):
        if np.any((rows[column] < 0) | (rows[column] > _MAX_OFFSET)):
            raise ImageError("image-corrupt", "an extent of the image lies at an impossible offset")


def extents_of(rows: Rows) -> Iterator[Extent]:
    """The rows one by one, converted a few thousand at a time."""
    for start in range(0, len(rows), _CHUNK):
        for guest, length, host, stored, skip, file, kind in rows[start : start + _CHUNK].tolist():
            yield Extent(guest, length, Kind(kind), file, host, stored, skip)
