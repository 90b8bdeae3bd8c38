"""Zeros that a file stores as data, found at little cost where there are many of them.

Reading all of a disk to look for zeros doubles the time of a copy, so only pieces of which samples
are zero are read. Zeros between other data stay, as they do in every sparse copy by the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.sizes import KIB, MIB

_PIECE = 1 * MIB
_GRAIN = 64 * KIB

# In the middle of each grain, where a file's last block is rarely padded. The first sample that is
# not zero decides, mostly the first of all.
_SAMPLE = 64
_SAMPLES_AT = range(_GRAIN // 2, _PIECE, _GRAIN)

_ZEROS = bytes(_GRAIN)


def worth_copying(file: HostFile, start: int, length: int) -> Iterator[tuple[int, int]]:
    """Runs ``(start, length)`` of the file between which there are only zeros, in order."""
    begin = start
    for place, size in _zero_runs(file, start, length):
        if place > begin:
            yield begin, place - begin
        begin = place + size
    if begin < start + length:
        yield begin, start + length - begin


def _zero_runs(file: HostFile, start: int, length: int) -> Iterator[tuple[int, int]]:
    for piece in range(start, start + length, _PIECE):
        size = min(_PIECE, start + length - piece)
        if _looks_zero(file, piece, size):
            data = file.pread(piece, size)
            for at in range(0, len(data), _GRAIN):
                grain = data[at : at + _GRAIN]
                if grain == _ZEROS[: len(grain)]:
                    yield piece + at, len(grain)


def _looks_zero(file: HostFile, start: int, length: int) -> bool:
    return all(
        file.pread(start + at, _SAMPLE).count(0) == _SAMPLE
        for at in _SAMPLES_AT
        if at + _SAMPLE <= length
    )
