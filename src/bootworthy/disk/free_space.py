"""Blocks of the disk that no file system uses: what is in them is nobody's.

Only what is certain counts. A file system that was not unmounted, whose structures do not add up,
or that is of another kind or has features not known here, has no free blocks as far as this says.
"""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk import ext_free_space, superblocks, xfs_free_space
from bootworthy.disk.mbr import ReadAt
from bootworthy.disk.partition_types import PROTECTIVE, is_extended
from bootworthy.disk.partitions import read_table
from bootworthy.disk.probes.area import Area
from bootworthy.disk.vhd_stream import Span
from bootworthy.model.image import Partition, TableKind

_READERS = {
    **dict.fromkeys(("ext2", "ext3", "ext4"), ext_free_space.free_spans),
    "xfs": xfs_free_space.free_spans,
}


def free_spans(read_at: ReadAt, disk_size: int) -> Iterator[Span]:
    """Spans (start, end) of the disk that certainly hold nothing, each file system's in order.

    Raises:
        ImageError: the image cannot be read.
    """
    for start, size in _volumes(read_at, disk_size):
        found = superblocks.identify(read_at, partition=0, start=start, size=size)
        reader = _READERS.get(found.kind)
        if reader is None or not found.clean:
            continue
        for first, end in reader(Area(read_at, start, size)):
            yield start + first, start + end


def _volumes(read_at: ReadAt, disk_size: int) -> Iterator[Span]:
    """Starts and sizes of what may hold a file system, none of which share space."""
    table = read_table(read_at, disk_size)
    if table.problems:
        return
    if table.kind is TableKind.NONE or not table.partitions:
        yield 0, disk_size
        return
    for part in table.partitions:
        if _is_alone(part, table.partitions) and part.end <= disk_size:
            yield part.start, part.size


def _is_alone(part: Partition, others: tuple[Partition, ...]) -> bool:
    if is_extended(part) or part.type_id == PROTECTIVE:
        return False
    return not any(
        other is not part
        and not is_extended(other)
        and other.start < part.end
        and part.start < other.end
        for other in others
    )
