"""Blocks of the disk that no file system uses."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.mbr import ReadAt
from bootworthy.disk.vhd_stream import Span


def free_spans(read_at: ReadAt, disk_size: int) -> Iterator[Span]:
    """Spans (start, end) of the disk that certainly hold nothing."""
    del read_at, disk_size
    yield from ()
