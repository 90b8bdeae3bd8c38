"""ext2, ext3 and ext4.

Source: Linux, Documentation/filesystems/ext4/super.rst; the division into three kinds is blkid's
(util-linux, libblkid/src/superblocks/ext.c).
"""

from __future__ import annotations

from bootworthy.disk.probes.area import Area, Found, text_of, uuid_of

_SUPERBLOCK = 1024
_MAGIC = 0xEF53

_STATE_CLEAN = 0x1
_STATE_ERRORS = 0x2

_COMPAT_JOURNAL = 0x4
_INCOMPAT_RECOVER = 0x4
_INCOMPAT_JOURNAL_DEVICE = 0x8

# What ext3 knows: filetype, recover, meta_bg; sparse_super, large_file, btree_dir.
_EXT3_INCOMPAT = 0x2 | 0x4 | 0x10
_EXT3_RO_COMPAT = 0x1 | 0x2 | 0x4


def probe(area: Area) -> Found | None:
    """An ext file system; clean when it was unmounted and its journal is empty."""
    if area.little(_SUPERBLOCK + 0x38, 2) != _MAGIC:
        return None
    compat, incompat, ro_compat = (area.little(_SUPERBLOCK + o, 4) for o in (0x5C, 0x60, 0x64))
    state = area.little(_SUPERBLOCK + 0x3A, 2)
    return Found(
        kind=_kind(compat, incompat, ro_compat),
        uuid=uuid_of(area.at(_SUPERBLOCK + 0x68, 16)),
        label=text_of(area.at(_SUPERBLOCK + 0x78, 16)),
        clean=state & _STATE_CLEAN != 0
        and state & _STATE_ERRORS == 0
        and incompat & _INCOMPAT_RECOVER == 0,
    )


def _kind(compat: int, incompat: int, ro_compat: int) -> str:
    if incompat & _INCOMPAT_JOURNAL_DEVICE:
        return "jbd"
    if incompat & ~_EXT3_INCOMPAT or ro_compat & ~_EXT3_RO_COMPAT:
        return "ext4"
    return "ext3" if compat & _COMPAT_JOURNAL else "ext2"
