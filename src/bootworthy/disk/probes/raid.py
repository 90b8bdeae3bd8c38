"""Members of Linux software RAID.

Source: Linux, include/uapi/linux/raid/md_p.h (superblocks 0.90 and 1.x).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from bootworthy.disk.probes.area import Area, Found, text_of, uuid_of

_MAGIC = 0xA92B_4EFC
_OLD_RESERVED = 64 << 10
_NEW_ALIGNMENT = 4 << 10


_MIRROR = 1


@dataclass(frozen=True)
class Shape:
    """An array: its RAID level (negative for linear and others) and how many disks it is of."""

    level: int
    disks: int

    @property
    def is_mirror(self) -> bool:
        """Whether one disk of it has everything."""
        return self.level == _MIRROR


def probe(area: Area) -> Found | None:
    """A member of an array, whichever place and version its superblock has."""
    if (offset := _new_superblock(area)) is not None:
        uuid, label = uuid_of(area.at(offset + 16, 16)), text_of(area.at(offset + 32, 32))
        return Found(kind="linux_raid_member", uuid=uuid, label=label)
    if (offset := _old_superblock(area)) is not None:
        return Found(kind="linux_raid_member", uuid=_old_uuid(area, offset))
    return None


def shape(area: Area) -> Shape | None:
    """The array that a member is of, None where there is no superblock."""
    if (offset := _new_superblock(area)) is not None:
        level, disks = area.at(offset + 72, 4), area.little(offset + 92, 4)
    elif (offset := _old_superblock(area)) is not None:
        level, disks = area.at(offset + 28, 4), area.little(offset + 40, 4)
    else:
        return None
    return Shape(int.from_bytes(level, "little", signed=True), disks)


def _new_superblock(area: Area) -> int | None:
    for offset in _new_places(area.size):
        if area.little(offset, 4) == _MAGIC and area.little(offset + 4, 4) == 1:
            return offset
    return None


def _old_superblock(area: Area) -> int | None:
    offset = (area.size // _OLD_RESERVED - 1) * _OLD_RESERVED
    return offset if offset >= 0 and area.little(offset, 4) == _MAGIC else None


def _new_places(size: int) -> tuple[int, ...]:
    """Version 1.0 has it 8 KiB before the end, aligned; 1.1 at the start, 1.2 at 4 KiB."""
    end = (size - 2 * _NEW_ALIGNMENT) // _NEW_ALIGNMENT * _NEW_ALIGNMENT
    return (0, _NEW_ALIGNMENT, *((end,) if end > 0 else ()))


def _old_uuid(area: Area, offset: int) -> str:
    """The four words of version 0.90, in the byte order in which they are printed."""
    words = (area.little(offset + place, 4) for place in (20, 52, 56, 60))
    return uuid_of(struct.pack(">4I", *words))
