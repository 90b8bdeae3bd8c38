"""Where a host file holds data and where holes, as its file system knows."""

from __future__ import annotations

import errno
import os
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


def _seek(fd: int, offset: int, whence: int, end: int) -> int:
    try:
        return os.lseek(fd, offset, whence)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return end
        return offset if whence == os.SEEK_DATA else end
