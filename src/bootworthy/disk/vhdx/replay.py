"""A VHDX file as it is after its log was replayed, while nothing is written.

Source: [MS-VHDX] 2.3.3, "Log Replay".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bootworthy.disk.extents import Ints, Kind, Rows, cut
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.vhdx import log
from bootworthy.disk.vhdx.log import SECTOR

if TYPE_CHECKING:
    from bootworthy.disk.vhdx.header import Header
    from bootworthy.disk.vhdx.log import Entry

# Behind the file identifier and the two headers, which only change in place: [MS-VHDX] 2.2.
_FIRST_CHANGED = 192 << 10

_ZEROS = -1
_NO_END = 1 << 62


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What the log changes in the file: ranges, in order and apart, from ``starts`` to ``ends``.

    ``sources`` are the places in the file of the log's sectors, which hold a page of 4 KiB but for
    its ``edges``, the first 8 and the last 4 bytes; -1 means zeros. ``entries`` is how many entries
    were replayed, ``size`` how long the file is then at least.
    """

    starts: Ints
    ends: Ints
    sources: Ints
    edges: dict[int, tuple[bytes, bytes]]
    entries: int
    size: int

    def page(self, file: HostFile, source: int) -> bytes:
        """The page that the log keeps at ``source``."""
        leading, trailing = self.edges[source]
        return leading + file.pread_exact(source, SECTOR, "log")[8:-4] + trailing

    def redirect(self, rows: Rows, end: int) -> Rows:
        """``rows`` of the changed file as they are in the file itself, which ends at ``end``.

        What the log changes is decoded from there, and what it only makes room for is zeros.
        """
        is_data = rows["kind"] == Kind.DATA
        data = _by_host(rows[is_data])
        pages = self.sources != _ZEROS
        before, behind = self._unchanged(end)
        zeros = np.concatenate((behind, np.array((self.starts, self.ends)).T[~pages]))
        zeros = zeros[np.argsort(zeros[:, 0])]
        shown = cut(data, self.starts[pages], self.ends[pages])
        page = np.flatnonzero(pages)[self.starts[pages].searchsorted(shown["guest"], "right") - 1]
        shown["skip"] = shown["guest"] - self.starts[page]
        parts = _swapped(cut(data, *before.T)), _swapped(shown), _swapped(cut(data, *zeros.T))
        parts[1]["host"], parts[1]["stored"] = self.sources[page], SECTOR
        parts[1]["kind"] = Kind.ENCODED
        parts[2]["host"], parts[2]["kind"] = 0, Kind.ZERO
        redirected = np.concatenate((rows[~is_data], *parts))
        return redirected[np.argsort(redirected["guest"], kind="stable")]

    def _unchanged(self, end: int) -> tuple[Ints, Ints]:
        """The gaps between changes, as starts and ends: in the file, and behind its ``end``."""
        starts, ends = np.append([0], self.ends), np.append(self.starts, _NO_END)
        before = np.array((starts, np.minimum(ends, end))).T
        behind = np.array((np.maximum(starts, end), ends)).T
        return before[before[:, 0] < before[:, 1]], behind[behind[:, 0] < behind[:, 1]]


def _by_host(rows: Rows) -> Rows:
    """Rows of data in order of the file, whose offsets take the place of those of the disk."""
    swapped = _swapped(rows)
    return swapped[np.argsort(swapped["guest"], kind="stable")]


def _swapped(rows: Rows) -> Rows:
    swapped = rows.copy()
    swapped["guest"], swapped["host"] = rows["host"], rows["guest"]
    return swapped


class ReplayedFile(HostFile):
    """``file``, which stays the caller's, with the changes of its log made."""

    def __init__(self, file: HostFile, replay: Replay) -> None:
        self.path = file.path
        self.fd = file.fd
        self.identity = file.identity
        self.is_device = file.is_device
        self.size = max(file.size, replay.size)
        self._file = file
        self._replay = replay

    def pread(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``offset``; fewer only at the end of the changed file."""
        size = max(min(size, self.size - offset), 0)
        data = bytearray(self._file.pread(offset, size).ljust(size, b"\0"))
        first = int(self._replay.ends.searchsorted(offset, "right"))
        last = int(self._replay.starts.searchsorted(offset + size, "left"))
        for index in range(first, last):
            begin = max(int(self._replay.starts[index]), offset)
            stop = min(int(self._replay.ends[index]), offset + size)
            data[begin - offset : stop - offset] = self._changed(index, begin, stop)
        return bytes(data)

    def _fill_once(self, view: memoryview, offset: int) -> int:
        data = self.pread(offset, len(view))
        view[: len(data)] = data
        return len(data)

    def _changed(self, index: int, begin: int, stop: int) -> bytes:
        source = int(self._replay.sources[index])
        if source == _ZEROS:
            return bytes(stop - begin)
        start = int(self._replay.starts[index])
        return self._replay.page(self._file, source)[begin - start : stop - start]

    def close(self) -> None:
        """Leave the file to its owner."""


def read(file: HostFile, header: Header) -> Replay:
    """What replaying the log of ``file`` changes.

    Raises:
        ImageError: as ``log.read``; ``image-corrupt`` when the log would change itself or a header.
    """
    entries = log.read(file, header)
    columns = zip(*(_changes(entry, header.log.offset) for entry in entries), strict=True)
    starts, ends, sources = (np.concatenate(column) for column in columns)
    inside = (starts < header.log.offset + header.log.length) & (ends > header.log.offset)
    if np.any((starts < ends) & ((starts < _FIRST_CHANGED) | inside)):
        file.corrupt("its log would change itself or the headers")
    edges, owners = _painted(starts, ends)
    used = np.flatnonzero(owners >= 0)
    return Replay(
        starts=edges[used],
        ends=edges[used + 1],
        sources=sources[owners[used]],
        edges=dict(_page_edges(entries, header.log.offset)),
        entries=len(entries),
        size=max(entries[-1].last, int(ends.max(initial=0))),
    )


def _changes(entry: Entry, offset: int) -> tuple[Ints, Ints, Ints]:
    """From where to where each change of an entry reaches, and where the log keeps its page."""
    changes = entry.changes
    is_data = changes["signature"] == b"desc"
    starts = changes["offset"].astype(np.int64)
    sources = np.full(len(changes), _ZEROS, np.int64)
    sources[is_data] = offset + entry.pages
    return starts, starts + np.where(is_data, SECTOR, changes["leading"]).astype(np.int64), sources


def _page_edges(
    entries: tuple[Entry, ...], offset: int
) -> Iterator[tuple[int, tuple[bytes, bytes]]]:
    """What the sectors of data lack, by their places in the file."""
    for entry in entries:
        data = entry.changes[entry.changes["signature"] == b"desc"]
        for place, change in zip((offset + entry.pages).tolist(), data, strict=True):
            yield place, (change["leading"].tobytes(), change["trailing"].tobytes())


def _painted(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """The pieces that ranges cut each other into, and the last range that covers each, or -1.

    From the last range to the first, each takes what no later one took; what is taken is stepped
    over at once, so that any number of ranges over each other takes next to linear time.
    """
    edges = np.unique(np.concatenate((starts, ends)))
    owners = np.full(len(edges), -1, np.int64)
    free = list(range(len(edges) + 1))

    def next_free(piece: int) -> int:
        while free[piece] != piece:
            free[piece] = piece = free[free[piece]]
        return piece

    first, last = edges.searchsorted(starts).tolist(), edges.searchsorted(ends).tolist()
    for number in range(len(starts) - 1, -1, -1):
        piece = next_free(first[number])
        while piece < last[number]:
            owners[piece], free[piece] = number, piece + 1
            piece = next_free(piece)
    return edges, owners
