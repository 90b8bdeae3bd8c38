"""What a partition carries, told from its superblocks, in blkid's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from bootworthy.disk.mbr import ReadAt
from bootworthy.disk.probes import (
    btrfs,
    ext,
    fat,
    iso9660,
    luks,
    lvm,
    ntfs,
    raid,
    squashfs,
    swap,
    xfs,
)
from bootworthy.disk.probes.area import Area, Found
from bootworthy.model.image import FileSystem

_Probe: TypeAlias = Callable[[Area], Found | None]

# Volumes first, as in blkid: what a RAID member, a physical volume or LUKS hold begins with a
# superblock of its own that must not be taken for the partition's.
_PROBES: tuple[_Probe, ...] = (
    raid.probe,
    lvm.probe,
    luks.probe,
    swap.probe,
    xfs.probe,
    ext.probe,
    btrfs.probe,
    ntfs.probe,
    fat.probe,
    iso9660.probe,
    squashfs.probe,
)

SWAP_KINDS = frozenset({"swap", "swsuspend"})
"""Swap space, and swap space that holds a hibernated machine."""


def is_only(area: Area) -> bool:
    """Whether all signatures in the area speak of one thing: none is left of an earlier one."""
    return sum(probe(area) is not None for probe in _PROBES) == 1


def identify(read_at: ReadAt, *, partition: int, start: int, size: int) -> FileSystem:
    """What the ``size`` bytes at ``start`` of a disk carry; ``kind`` is empty when unknown."""
    area = Area(read_at, start, size)
    found = next((found for probe in _PROBES if (found := probe(area))), Found(kind=""))
    return FileSystem(
        partition=partition,
        start=start,
        size=size,
        kind=found.kind,
        uuid=found.uuid,
        label=found.label,
        clean=found.clean,
    )
