"""How much room a file system has, told from its superblock alone.

Sources: Linux, Documentation/filesystems/ext4/super.rst, fs/xfs/libxfs/xfs_format.h,
include/uapi/linux/btrfs_tree.h; Microsoft, "FAT: General Overview of On-Disk Format" 1.03 (FSInfo).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bootworthy.disk.mbr import ReadAt
from bootworthy.disk.probes.area import Area
from bootworthy.model.image import FileSystem

_EXT = 1024
_EXT_64BIT = 0x80
_MAX_EXT_BLOCK_SHIFT = 6
_BTRFS = 64 << 10
_FSINFO_SIGNATURE = 0x6141_7272
_UNKNOWN = 0xFFFF_FFFF


@dataclass(frozen=True)
class Room:
    """``size`` and ``free`` in bytes, as the superblock has them."""

    size: int
    free: int


def room_of(read_at: ReadAt, item: FileSystem) -> Room | None:
    """The room of a file system; None for kinds that do not say, and where the numbers are odd."""
    look = _READERS.get(item.kind)
    found = look(Area(read_at, item.start, item.size)) if look else None
    is_sane = found is not None and 0 <= found.free <= found.size <= item.size
    return found if is_sane else None


def _ext(area: Area) -> Room | None:
    shift = area.little(_EXT + 0x18, 4)
    if shift > _MAX_EXT_BLOCK_SHIFT:
        return None
    blocks, free = area.little(_EXT + 4, 4), area.little(_EXT + 0xC, 4)
    if area.little(_EXT + 0x60, 4) & _EXT_64BIT:
        blocks += area.little(_EXT + 0x150, 4) << 32
        free += area.little(_EXT + 0x158, 4) << 32
    return Room(blocks * (1024 << shift), free * (1024 << shift))


def _xfs(area: Area) -> Room:
    block = area.big(4, 4)
    return Room(area.big(8, 8) * block, area.big(144, 8) * block)


def _btrfs(area: Area) -> Room:
    size, used = area.little(_BTRFS + 0x70, 8), area.little(_BTRFS + 0x78, 8)
    return Room(size, size - used)


def _fat(area: Area) -> Room | None:
    sector, per_cluster = area.little(11, 2), area.little(13, 1)
    information = area.little(48, 2) * sector
    free = area.little(information + 488, 4)
    if area.little(22, 2) or area.little(information + 484, 4) != _FSINFO_SIGNATURE:
        return None  # FAT12 and FAT16 count nothing
    if free == _UNKNOWN:
        return None
    return Room(area.little(32, 4) * sector, free * per_cluster * sector)


_READERS: Mapping[str, Callable[[Area], Room | None]] = {
    "ext2": _ext,
    "ext3": _ext,
    "ext4": _ext,
    "xfs": _xfs,
    "btrfs": _btrfs,
    "vfat": _fat,
}
