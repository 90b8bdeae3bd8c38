"""The fixed VHD that any image would become, readable at any offset, with nothing written.

It is the disk, zeros up to a whole MiB, the GPT made to fit that size, and a footer.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

import numpy as np

from bootworthy.disk import footer
from bootworthy.disk.container import Container
from bootworthy.disk.extents import Ints, Kind
from bootworthy.disk.footer import FOOTER_SIZE
from bootworthy.disk.formats.vhd import FixedVhd
from bootworthy.disk.repartition import backup_gpt_writes
from bootworthy.disk.sizes import is_whole_mib, round_up_to_mib
from bootworthy.disk.sparse import data_runs

Span = tuple[int, int]


class VhdStream:
    """A fixed VHD over ``container``, which stays the caller's and has to stay open.

    ``disk_size`` is the size of the disk and ``size`` that of the file, footer included, in bytes.
    ``free`` are spans of the disk (start, end) that read as zeros whatever the image holds there:
    blocks that no file uses. ``unique_id`` and ``created`` go into the footer, unless the image is
    a fixed VHD that Azure takes as it is: such a file is streamed byte by byte.

    Reading is safe from several threads at once.

    Raises:
        ImageError: the image is damaged, or ``partition-in-the-way`` when its GPT cannot be moved.
    """

    def __init__(
        self,
        container: Container,
        *,
        free: Iterable[Span] = (),
        unique_id: uuid.UUID | None = None,
        created: datetime | None = None,
    ) -> None:
        self.container = container
        self.disk_size = round_up_to_mib(container.virtual_size)
        self.size = self.disk_size + FOOTER_SIZE
        self._free_starts, self._free_ends = _columns(free)
        self._patches: tuple[tuple[int, bytes], ...] = ()
        if _is_ready(container):
            self.footer = container.file.pread_exact(self.disk_size, FOOTER_SIZE, "footer")
        else:
            self.footer = footer.build(self.disk_size, unique_id=unique_id, created=created)
            self._patches = backup_gpt_writes(self._pread_disk, self.disk_size)

    @property
    def free_bytes(self) -> int:
        """How many bytes of the disk are left out as free."""
        return int((self._free_ends - self._free_starts).sum())

    def pread(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the VHD at ``offset``, fewer only at its end.

        Raises:
            ImageError: the image is damaged there, or the host cannot read it.
        """
        end = min(offset + size, self.size)
        if offset >= end:
            return b""
        data = bytearray(max(min(end, self.disk_size) - offset, 0))
        self.fill(memoryview(data), offset)
        behind = max(offset - self.disk_size, 0)
        return bytes(data) + self.footer[behind : max(end - self.disk_size, 0)]

    def fill(self, view: memoryview, offset: int) -> None:
        """Fill ``view`` with the bytes of the disk at ``offset``, zeros behind its end.

        Raises:
            ImageError: the image is damaged there, or the host cannot read it.
        """
        end, at = offset + len(view), offset
        for start, stop in self._free_between(offset, end):
            self.container.fill(view[at - offset : start - offset], at)
            view[start - offset : stop - offset] = bytes(stop - start)
            at = stop
        self.container.fill(view[at - offset :], at)
        self._patch(view, offset)

    def _pread_disk(self, offset: int, size: int) -> bytes:
        """The image's own bytes, zeros behind its end."""
        return self.container.pread(offset, size).ljust(size, b"\0")

    def _free_between(self, offset: int, end: int) -> Iterator[Span]:
        first = int(self._free_ends.searchsorted(offset, "right"))
        last = int(self._free_starts.searchsorted(end, "left"))
        for index in range(first, last):
            start = max(int(self._free_starts[index]), offset)
            yield start, min(int(self._free_ends[index]), end)

    def _patch(self, view: memoryview, offset: int) -> None:
        end = offset + len(view)
        for start, patch in self._patches:
            begin, stop = max(start, offset), min(start + len(patch), end)
            if begin < stop:
                view[begin - offset : stop - offset] = patch[begin - start : stop - start]

    def data_spans(self) -> Iterator[Span]:
        """Spans (start, end) of the disk that may hold anything but zeros, in order, apart.

        The footer is not among them.
        """
        patched = iter(sorted((start, start + len(data)) for start, data in self._patches))
        return joined(heapq.merge(self._used(), patched))

    def _used(self) -> Iterator[Span]:
        """The image's data without what is free."""
        index, count = 0, len(self._free_starts)
        for start, end in self._stored():
            while index < count and self._free_ends[index] <= start:
                index += 1
            at, begin = index, start
            while at < count and self._free_starts[at] < end:
                if begin < self._free_starts[at]:
                    yield begin, int(self._free_starts[at])
                begin = int(self._free_ends[at])
                at += 1
            if begin < end:
                yield begin, end

    def _stored(self) -> Iterator[Span]:
        """Where the image has data: not in its holes, nor in those of its files."""
        files = self.container.files()
        extents = self.container.extents()
        for extent in extents.window(0, extents.size):
            if extent.kind is Kind.ENCODED:
                yield extent.guest, extent.end
            elif extent.kind is Kind.DATA:
                moved = extent.guest - extent.host
                runs = data_runs(files[extent.file].fd, extent.host, extent.host + extent.length)
                yield from ((start + moved, end + moved) for start, end in runs)


def _is_ready(container: Container) -> bool:
    """Whether the file is a fixed VHD that Azure takes as it is."""
    if not isinstance(container, FixedVhd) or container.footer_problems:
        return False
    return is_whole_mib(container.virtual_size)


def _columns(spans: Iterable[Span]) -> tuple[Ints, Ints]:
    both = np.array(list(joined(iter(sorted(spans)))), np.int64).reshape(-1, 2)
    return np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])


def joined(spans: Iterator[Span], gap: int = 0) -> Iterator[Span]:
    """Spans in order of their starts, those with up to ``gap`` between made one; empty ones go."""
    current: Span | None = None
    for start, end in spans:
        if start >= end:
            continue
        if current is None:
            current = (start, end)
        elif start <= current[1] + gap:
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current
