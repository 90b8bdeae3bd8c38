"""Have what was written begin its way to the disk, without waiting for it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

# linux/fs.h: SYNC_FILE_RANGE_WRITE, start the write-out of dirty pages; see sync_file_range(2).
_START = 2


@cache
def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    """The system call, for which Python has no name; None where the C library has none either."""
    try:
        call = ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    call.restype = ctypes.c_int
    function: Callable[[int, int, int, int], int] = call
    return function


def begin_writeback(fd: int, offset: int, length: int) -> None:
    """Start writing ``length`` bytes at ``offset`` out; it is a hint, and nothing fails.

    Durability needs ``fsync`` as before, which then has less left to do.
    """
    call = _sync_file_range()
    if call is not None:
        call(fd, offset, length, _START)
