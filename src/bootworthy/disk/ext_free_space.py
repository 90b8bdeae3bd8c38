"""Blocks that an ext2, ext3 or ext4 file system has free, by its block bitmaps.

Source: Linux, Documentation/filesystems/ext4 (super.rst, group_descr.rst, bitmaps.rst). Everything
read is checked against checksums where the file system has them, and against its own counts of free
blocks in any case; when anything does not add up, nothing is free.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bootworthy.disk import crc32c
from bootworthy.disk.ext_layout import Groups, Layout, read_groups, read_layout
from bootworthy.disk.probes.area import Area
from bootworthy.disk.vhd_stream import Span

Bits = npt.NDArray[np.bool_]

# Bitmaps read and checked together: 1 MiB of them.
_BATCH = 256

# A span costs memory; what a file system has free behind this many is sent as it is.
_MAX_SPANS = 1 << 20


def free_spans(area: Area) -> Iterator[Span]:
    """Spans (start, end), in bytes of the area, of blocks that are free; in order.

    The area holds a file system that was unmounted and whose journal is empty.

    Raises:
        ImageError: the image cannot be read.
    """
    layout = read_layout(area)
    groups = None if layout is None else read_groups(area, layout)
    if layout is not None and groups is not None:
        yield from _Bitmaps(area, layout, groups).free_spans()


class _Bitmaps:
    """The bitmaps of one file system."""

    def __init__(self, area: Area, layout: Layout, groups: Groups) -> None:
        self._area = area
        self._layout = layout
        self._groups = groups
        self._structures = groups.structures(layout) if groups.uninitialized.any() else {}

    def free_spans(self) -> list[Span]:
        """All that is free; nothing when any bitmap is not to be trusted."""
        spans: list[Span] = []
        for first in range(0, self._layout.groups, _BATCH):
            numbers = range(first, min(first + _BATCH, self._layout.groups))
            used = self._used(numbers)
            if used is None:
                return []
            for number, bits in zip(numbers, used, strict=True):
                if len(spans) < _MAX_SPANS:
                    spans += self._spans(number, bits)
        return spans

    def _used(self, numbers: range) -> list[Bits] | None:
        """Which blocks of some groups are used."""
        layout, groups = self._layout, self._groups
        raw = [self._area.at(int(groups.bitmap[n]) * layout.block, layout.block) for n in numbers]
        rows = np.frombuffer(b"".join(raw), np.uint8).reshape(len(raw), layout.block)
        initialized = ~groups.uninitialized[numbers.start : numbers.stop]
        if layout.checked and not self._checksums_fit(rows, numbers, initialized):
            return None
        bits = np.unpackbits(rows, axis=1, bitorder="little").astype(np.bool_)
        result = []
        for at, number in enumerate(numbers):
            size = layout.size_of(number)
            used = bits[at, :size] if initialized[at] else self._imagined(number, size)
            if size - int(used.sum()) != int(groups.free[number]):
                return None
            result.append(used)
        return result

    def _checksums_fit(self, rows: npt.NDArray[np.uint8], numbers: range, which: Bits) -> bool:
        seeds = np.full(len(rows), self._layout.seed, np.uint32)
        found = crc32c.of_rows(rows, seeds) & self._layout.bitmap_checksum_mask
        right = self._groups.checksum[numbers.start : numbers.stop]
        return bool(np.all((found == right) | ~which))

    def _imagined(self, number: int, size: int) -> Bits:
        """The bitmap of a group that never was written: only the file system's own structures.

        As the kernel makes it when the group is first used (fs/ext4/balloc.c).
        """
        used = np.zeros(size, np.bool_)
        for start, end in self._structures.get(number, ()):
            used[start:end] = True
        return used

    def _spans(self, number: int, used: Bits) -> Iterator[Span]:
        layout = self._layout
        edges = np.flatnonzero(np.diff(np.concatenate(([1], used.astype(np.int8), [1]))))
        base = layout.first + number * layout.per_group
        for start, end in edges.reshape(-1, 2).tolist():
            yield (base + start) * layout.block, (base + end) * layout.block
