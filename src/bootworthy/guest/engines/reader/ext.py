"""ext2, ext3 and ext4."""

from __future__ import annotations

import io
import logging
import stat
import struct
from collections.abc import Hashable, Iterator
from functools import lru_cache

from dissect.extfs.extfs import ExtFS, INode

from bootworthy.guest.engines.reader.nodes import MAX_DIRECTORY, Stream, Volume
from bootworthy.guest.engines.reader.source import Window
from bootworthy.guest.tree import Kind, Status

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.LINK}

# The superblock: Documentation/filesystems/ext4/super.rst in Linux.
_SUPERBLOCK = 1024
_LOG_BLOCK_SIZE = 0x18
_INODE_SIZE = 0x58
_INCOMPATIBLE = 0x60
_FIRST_META_BG = 0x104
_MAX_LOG_BLOCK_SIZE = 6  # 64 KiB

_META_BG = 0x10
# FILETYPE, RECOVER, EXTENTS, 64BIT, MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR, INLINE_DATA,
# ENCRYPT (names and contents stay as they are), CASEFOLD; META_BG is looked at more closely.
_READABLE = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000
_READABLE |= 0x10000 | 0x20000 | _META_BG

_EXTENTS_FLAG = 0x80000
_INLINE_DATA_FLAG = 0x10000000
_INLINE_IN_INODE = 60

# A block map lists every block; this is 8 MiB of it with the smallest blocks.
_MAX_BLOCK_MAPPED = 2 << 30


def _refuse(record: logging.LogRecord) -> bool:
    raise ValueError(record.getMessage())


# The parser reports a damaged directory to its log and leaves the rest of the names out.
logging.getLogger("dissect.extfs.extfs").addFilter(_refuse)


class ExtVolume(Volume[int]):
    """An ext file system; its nodes are inode numbers."""

    def __init__(self, window: Window) -> None:
        _check_superblock(window)
        self._fs = ExtFS(window)
        self._inode = lru_cache(4096)(self._fs.get_inode)

    @property
    def root(self) -> int:
        """The root directory's inode."""
        return 2

    def identity(self, node: int) -> Hashable:
        """The inode number."""
        return node

    def status(self, node: int) -> Status:
        """Status from the inode; the high halves of owner and group are apart from the low."""
        inode = self._inode(node)
        fields = inode.inode
        return Status(
            kind=_KINDS.get(stat.S_IFMT(fields.i_mode), Kind.OTHER),
            mode=stat.S_IMODE(fields.i_mode),
            uid=fields.i_uid_high << 16 | fields.i_uid,
            gid=fields.i_gid_high << 16 | fields.i_gid,
            size=inode.size,
            mtime=inode.mtime_ns // 1_000_000_000,
        )

    def entries(self, node: int) -> Iterator[tuple[str, int]]:
        """Names and inode numbers."""
        inode = self._inode(node)
        if inode.inode.i_flags & _INLINE_DATA_FLAG:
            raise NotImplementedError("a directory kept inside its inode")
        _check_map(inode, MAX_DIRECTORY)
        for entry in inode.iterdir():
            yield entry.filename, entry.inum

    def link(self, node: int) -> str:
        """Target of a link."""
        return str(self._inode(node).link)

    def content(self, node: int) -> Stream:
        """Contents of a file; short ones may be in the inode and its attributes."""
        inode = self._inode(node)
        if inode.inode.i_flags & _INLINE_DATA_FLAG:
            return io.BytesIO(_inline_data(inode))
        _check_map(inode, 1 << 62)
        stream: Stream = inode.open()
        return stream


def _check_superblock(window: Window) -> None:
    """Refuse what the parser would take at its word, or does not know."""
    window.seek(_SUPERBLOCK)
    block = window.read(1024)
    (log_block_size,) = struct.unpack_from("<I", block, _LOG_BLOCK_SIZE)
    (inode_size,) = struct.unpack_from("<H", block, _INODE_SIZE)
    (features,) = struct.unpack_from("<I", block, _INCOMPATIBLE)
    (first_meta_bg,) = struct.unpack_from("<I", block, _FIRST_META_BG)
    if log_block_size > _MAX_LOG_BLOCK_SIZE or inode_size < 128:  # noqa: PLR2004 - ext2's own
        raise ValueError(f"block size 2^{10 + log_block_size}, inode size {inode_size}")
    if features & ~_READABLE:
        raise NotImplementedError(f"ext4 features {features & ~_READABLE:#x}")
    if features & _META_BG and first_meta_bg == 0:
        raise NotImplementedError("ext4 feature meta_bg")


def _check_map(inode: INode, most: int) -> None:
    if not inode.inode.i_flags & _EXTENTS_FLAG:
        most = min(most, _MAX_BLOCK_MAPPED)
    if inode.size > most:
        raise ValueError(f"{inode.size} bytes")
    runs = inode.dataruns()
    if not inode.inode.i_flags & _EXTENTS_FLAG and runs and runs[-1][0] == 0:
        runs[-1] = (None, runs[-1][1])  # the parser takes a hole at the end for block 0


def _inline_data(inode: INode) -> bytes:
    data = bytes(inode.inode.i_block)[:_INLINE_IN_INODE]
    for attribute in inode.xattr:
        if attribute.name == "system.data":
            data += attribute.value
    return data[: inode.size]
