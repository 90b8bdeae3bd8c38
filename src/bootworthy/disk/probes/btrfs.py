"""btrfs.

Source: Linux, include/uapi/linux/btrfs_tree.h, struct btrfs_super_block.
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found, text_of, uuid_of

_SUPERBLOCK = 64 << 10
_MAGIC = b"_BHRfS_M"


def probe(area: Area) -> Found | None:
    """A btrfs; clean when it holds no log tree to replay."""
    if area.at(_SUPERBLOCK + 0x40, 8) != _MAGIC:
        return None
    return Found(
        kind="btrfs",
        uuid=uuid_of(area.at(_SUPERBLOCK + 0x20, 16)),
        label=text_of(area.at(_SUPERBLOCK + 0x12B, 256)),
        clean=area.little(_SUPERBLOCK + 0x60, 8) == 0,
    )
