"""Blocks of the disk that no file system uses: what is in them is nobody's.

Only what is certain counts. A file system that was not unmounted, whose structures do not add up,
or that is of another kind or has features not known here, has no free blocks as far as this says.
Logical volumes are looked into where each is one run of the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bootworthy.disk import (
    btrfs_free_space,
    ext_free_space,
    superblocks,
    swap_free_space,
    xfs_free_space,
)
from bootworthy.disk.lvm.volumes import LogicalVolume, NotLinearError, logical_volumes
from bootworthy.disk.mbr import ReadAt
from bootworthy.disk.partition_types import PROTECTIVE, is_extended
from bootworthy.disk.partitions import read_table
from bootworthy.disk.probes.area import Area
from bootworthy.disk.vhd_stream import Span
from bootworthy.model.image import FileSystem, Partition, TableKind

_READERS = {
    **dict.fromkeys(("ext2", "ext3", "ext4"), ext_free_space.free_spans),
    "btrfs": btrfs_free_space.free_spans,
    "swap": swap_free_space.free_spans,
    "xfs": xfs_free_space.free_spans,
}
_PHYSICAL_VOLUME = "LVM2_member"


def free_spans(read_at: ReadAt, disk_size: int) -> Iterator[Span]:
    """Spans (start, end) of the disk that certainly hold nothing, each file system's in order.

    Raises:
        ImageError: the image cannot be read.
    """
    holders: list[FileSystem] = []
    for start, size in _volumes(read_at, disk_size):
        found = _identified(read_at, start, size)
        if found.kind == _PHYSICAL_VOLUME:
            holders.append(found)
        yield from _free_of(read_at, found)
    for volume in _logical_volumes(read_at, holders):
        yield from _free_of(read_at, _identified(read_at, volume.start, volume.size))


def _identified(read_at: ReadAt, start: int, size: int) -> FileSystem:
    """What is there; of no kind where signatures of two things are, one of them left over."""
    found = superblocks.identify(read_at, partition=0, start=start, size=size)
    only = superblocks.is_only(Area(read_at, start, size))
    return found if only else replace(found, kind="")


def _free_of(read_at: ReadAt, found: FileSystem) -> Iterator[Span]:
    """What a file system has free, as spans of the disk."""
    reader = _READERS.get(found.kind)
    if reader is None or not found.clean:
        return
    for first, end in reader(Area(read_at, found.start, found.size)):
        yield found.start + first, found.start + end


def _logical_volumes(read_at: ReadAt, holders: Sequence[FileSystem]) -> tuple[LogicalVolume, ...]:
    """Logical volumes where each of them is one run of the disk, else none."""
    try:
        return logical_volumes(read_at, holders) if holders else ()
    except NotLinearError:
        return ()


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
