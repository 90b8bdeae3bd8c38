"""Two disks compared byte for byte, wherever either of them holds anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from bootworthy.disk.container import Container
from bootworthy.disk.extents import Ints
from bootworthy.disk.ordered import OrderedPool
from bootworthy.disk.sizes import MIB
from bootworthy.disk.writers.writer import Occupied, Patch

_WINDOW = 4 * MIB


def first_difference(
    source: Container,
    copy: Container,
    *,
    patches: Iterable[Patch] = (),
    on_bytes: Callable[[int, int], None] = lambda _done, _total: None,
) -> int | None:
    """The offset of the first byte of ``copy`` that is not as in ``source``, or None.

    The copy may be longer (the rest is zeros) or shorter than the source, and is expected to hold
    ``patches``. ``on_bytes`` is told how many bytes are compared, and of how many.

    Raises:
        ImageError: one of them cannot be read.
    """
    return _Comparison(source, copy, tuple(patches), on_bytes).run()


class _Comparison:
    """One comparison under way."""

    def __init__(
        self,
        source: Container,
        copy: Container,
        patches: tuple[Patch, ...],
        on_bytes: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._copy = copy
        self._patches = patches
        self._on_bytes = on_bytes
        self._differences: list[int] = []
        self._done = 0
        self._total = 0

    def run(self) -> int | None:
        windows = self._windows()
        self._total = len(windows) * _WINDOW
        self._on_bytes(0, self._total)
        with OrderedPool(self._compare, self._take) as pool:
            for window in windows:
                pool.submit(int(window))
                if self._differences:
                    break
        return min(self._differences, default=None)

    def _windows(self) -> Ints:
        """The windows in which either disk holds anything."""
        either = np.union1d(
            Occupied.of(self._source.extents(), self._patches).units(_WINDOW),
            Occupied.of(self._copy.extents()).units(_WINDOW),
        )
        inside: Ints = either[either * _WINDOW < self._copy.virtual_size]
        return inside

    def _compare(self, window: int) -> int | None:
        start = window * _WINDOW
        found = self._copy.pread(start, _WINDOW)
        expected = self._expected(start, len(found))
        if found == expected:
            return None
        unequal = np.frombuffer(found, np.uint8) != np.frombuffer(expected, np.uint8)
        return start + int(unequal.argmax())

    def _expected(self, start: int, length: int) -> bytes:
        data = self._source.pread(start, length)
        if len(data) == length and not self._patches:
            return data
        whole = bytearray(data.ljust(length, b"\0"))
        for offset, patch in self._patches:
            if offset < start + length and offset + len(patch) > start:
                begin, end = max(offset, start), min(offset + len(patch), start + length)
                whole[begin - start : end - start] = patch[begin - offset : end - offset]
        return bytes(whole)

    def _take(self, _window: int, difference: int | None) -> None:
        if difference is not None:
            self._differences.append(difference)
        self._done += _WINDOW
        self._on_bytes(self._done, self._total)
