"""Where a host file holds data and where holes, as its file system knows."""

from __future__ import annotations

import errno
import os
from bisect import bisect_right
from collections.abc import Iterator

# A sparse file of 1 TiB in pieces of 4 KiB would have 10**8 runs; behind this many the rest is
# taken as one run of data, which is true of the bytes if not of their storage.
MAX_RUNS = 1 << 20


def data_runs(
    fd: int, start: int, end: int, *, max_runs: int = MAX_RUNS
) -> Iterator[tuple[int, int]]:
    """Runs of data ``(start, end)`` of ``fd`` between two offsets, in order.

    Everything is data where the file system cannot tell. Uses the descriptor's file offset.
    """
    runs = 0
    while start < end:
        begin = _seek(fd, start, os.SEEK_DATA, end)
        if begin >= end:
            return
        runs += 1
        stop = end if runs >= max_runs else min(_seek(fd, begin, os.SEEK_HOLE, end), end)
        yield begin, stop
        start = stop


class DataMap:
    """Runs of data of a file that does not change, each asked for once.

    To find where data ends, the kernel may look at every page up to there (measured: 0.2 ms in
    250 MB), and an image may refer to one run of its file from a thousand places.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._starts: list[int] = []
        self._ends: list[int] = []

    def runs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """As ``data_runs``."""
        while start < end:
            stop = self._known_end(start)
            if stop <= start:
                start = _seek(self._fd, start, os.SEEK_DATA, end)
                if start >= end:
                    return
                stop = self._known_end(start)
            if stop <= start:
                stop = _seek(self._fd, start, os.SEEK_HOLE, end)
                self._remember(start, stop)
            yield start, min(stop, end)
            start = stop

    def _known_end(self, place: int) -> int:
        """The end of the known run that ``place`` is in, or 0."""
        index = bisect_right(self._starts, place) - 1
        return self._ends[index] if index >= 0 and place < self._ends[index] else 0

    def _remember(self, start: int, end: int) -> None:
        if len(self._starts) < MAX_RUNS:
            index = bisect_right(self._starts, start)
            self._starts.insert(index, start)
            self._ends.insert(index, end)


def _seek(fd: int, offset: int, whence: int, end: int) -> int:
    try:
        return os.lseek(fd, offset, whence)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return end
        return offset if whence == os.SEEK_DATA else end
