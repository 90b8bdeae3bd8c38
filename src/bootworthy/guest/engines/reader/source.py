"""A file system's bytes as the file object its parser reads, with a bound on the work it causes."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Parsers ask for a few bytes at a time, mostly near the ones before.
_BLOCK = 32 << 10
_CACHED_BLOCKS = 256

# One unit is about what reading and parsing a 4 KiB block costs.
_UNIT = 4096

# A damaged length field must not become an allocation.
_MAX_READ = 64 << 20


class TooMuchWork(Exception):  # noqa: N818 - it is caught where it becomes an error
    """A file system made its parser do more than any sound one does."""


class Work:
    """What one operation may still cost; loops in damaged structures end here."""

    def __init__(self) -> None:
        self._left = 0

    @contextmanager
    def limit(self, units: int) -> Iterator[None]:
        """Allow ``units`` for the operation inside; the outer allowance comes back after it."""
        before, self._left = self._left, units
        try:
            yield
        finally:
            self._left = before

    def spend(self, units: int = 1) -> None:
        """Take from what is allowed.

        Raises:
            TooMuchWork: nothing is left.
        """
        self._left -= units
        if self._left < 0:
            raise TooMuchWork("its structures lead in circles or are far too many")


class Window:
    """``size`` bytes of a disk from ``start`` on, as a seekable binary file, read-only."""

    def __init__(self, pread: Callable[[int, int], bytes], start: int, size: int) -> None:
        self._pread = pread
        self._start = start
        self.size = size
        self.work = Work()
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Move as file objects do; a negative position is a ValueError."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + position < 0:
            raise ValueError("a structure points before the file system")
        self._position = base + position
        return self._position

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, fewer only at the end of the file system."""
        left = max(self.size - self._position, 0)
        size = left if size < 0 else min(size, left)
        if size > _MAX_READ:
            raise TooMuchWork(f"a structure says it is {size} bytes long")
        self.work.spend(1 + size // _UNIT)
        data = self._read_at(self._position, size)
        self._position += len(data)
        return data

    def _read_at(self, offset: int, size: int) -> bytes:
        number, skip = divmod(offset, _BLOCK)
        if skip + size <= _BLOCK:
            return self._block(number)[skip : skip + size]
        if size > 2 * _BLOCK:
            return self._pread(self._start + offset, size)
        last = (offset + size - 1) // _BLOCK
        joined = b"".join(self._block(n) for n in range(number, last + 1))
        return joined[skip : skip + size]

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        offset = number * _BLOCK
        data = self._pread(self._start + offset, min(_BLOCK, self.size - offset))
        self._blocks[number] = data
        if len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return data
