"""Which bytes travel: windows with data in them, and the runs in each that are not zero."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bootworthy.disk.sizes import KIB
from bootworthy.disk.vhd_stream import Span, VhdStream, joined

Readable = bytes | memoryview

_BLOCK = 4 * KIB
_WORDS = _BLOCK // 8

# One page blob takes 60 MiB and 500 requests a second
# (https://learn.microsoft.com/azure/storage/blobs/scalability-targets), so a request costs as much
# as 123 KiB: a shorter gap of zeros is cheaper sent than left out.
MAX_GAP = 128 * KIB


class Windows:
    """Windows (start, end) of the disk that hold data or have to be overwritten, each given once.

    ``foreign`` are spans of the target that hold somebody else's data. Threads may share one.
    """

    def __init__(self, stream: VhdStream, size: int, foreign: tuple[Span, ...] = ()) -> None:
        self._windows = _windows(stream, size, foreign)
        self._lock = threading.Lock()

    def next(self) -> Span | None:
        """The next window, None behind the last one."""
        with self._lock:
            return next(self._windows, None)


def _windows(stream: VhdStream, size: int, foreign: tuple[Span, ...]) -> Iterator[Span]:
    """Windows begin where data does, so that few requests end where only a window ends."""
    spans = sorted_spans(stream.data_spans(), foreign)
    for first, last in joined(_whole_blocks(spans, stream.disk_size), MAX_GAP):
        for start in range(first, last, size):
            yield start, min(start + size, last)


def _whole_blocks(spans: Iterator[Span], end: int) -> Iterator[Span]:
    for first, last in spans:
        yield first // _BLOCK * _BLOCK, min(-(-last // _BLOCK) * _BLOCK, end)


def sorted_spans(spans: Iterator[Span], others: tuple[Span, ...]) -> Iterator[Span]:
    """Both in one order."""
    if not others:
        return spans
    from heapq import merge

    return merge(spans, iter(others))


def runs(data: Readable, start: int, foreign: tuple[Span, ...] = ()) -> Iterator[Span]:
    """Spans of the disk to send of ``data``, which lies at ``start``: what is not zero.

    They begin and end at multiples of 4 KiB or at the end of the data, and zeros of up to 128 KiB
    between two of them are sent along. Zeros over ``foreign`` data are sent too.
    """
    used = _used_blocks(data)
    for begin, end in foreign:
        first, stop = (begin - start) // _BLOCK, -((start - end) // _BLOCK)
        used[max(first, 0) : max(stop, 0)] = True
    yield from _joined_runs(used, data, start, MAX_GAP // _BLOCK)


def used_runs(data: Readable, start: int) -> Iterator[Span]:
    """Spans of the disk that are not zero, in blocks of 4 KiB, of ``data`` at ``start``."""
    yield from _joined_runs(_used_blocks(data), data, start, 0)


def _joined_runs(
    used: npt.NDArray[np.bool_], data: Readable, start: int, gap: int
) -> Iterator[Span]:
    """Runs of used blocks of ``data``, those joined that at most ``gap`` blocks lie between."""
    numbers = np.flatnonzero(used)
    if not len(numbers):
        return
    breaks = np.flatnonzero(np.diff(numbers) > gap + 1)
    firsts = numbers[np.concatenate(([0], breaks + 1))].tolist()
    lasts = numbers[np.concatenate((breaks, [len(numbers) - 1]))].tolist()
    for first, last in zip(firsts, lasts, strict=True):
        yield start + first * _BLOCK, start + min((last + 1) * _BLOCK, len(data))


def _used_blocks(data: Readable) -> npt.NDArray[np.bool_]:
    """Which blocks of 4 KiB are not all zero."""
    short = -len(data) % _BLOCK
    words = np.frombuffer(bytes(data) + bytes(short) if short else data, np.uint64)
    return np.asarray(words.reshape(-1, _WORDS).any(axis=1))


def overlapping(spans: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    """Those of ``spans`` that share bytes with start to end."""
    return tuple(span for span in spans if span[0] < end and start < span[1])
