"""XFS, version 4 and 5."""

from __future__ import annotations

import stat
import struct
from collections.abc import Hashable, Iterator
from functools import lru_cache

from dissect.xfs.xfs import XFS

from bootworthy.guest.engines.reader.nodes import MAX_DIRECTORY, Stream, Volume
from bootworthy.guest.engines.reader.source import Window
from bootworthy.guest.tree import Kind, Status

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.LINK}

# The superblock: fs/xfs/libxfs/xfs_format.h, struct xfs_dsb.
_BLOCK_SIZE = 4
_VERSION = 100
_INODE_SIZE = 104
_DIRECTORY_BLOCK_LOG = 192
_INCOMPATIBLE = 216
_BLOCK_SIZES = frozenset(1 << bit for bit in range(9, 17))
_INODE_SIZES = frozenset(1 << bit for bit in range(8, 12))

# FTYPE, SPINODES, META_UUID, BIGTIME, NEEDSREPAIR, NREXT64, EXCHRANGE, PARENT.
_READABLE = 0xFF


class XfsVolume(Volume[int]):
    """An XFS; its nodes are inode numbers."""

    def __init__(self, window: Window) -> None:
        _check_superblock(window)
        self._fs = XFS(window)
        self._inode = lru_cache(4096)(self._fs.get_inode)

    @property
    def root(self) -> int:
        """The root directory's inode."""
        return int(self._fs.sb.sb_rootino)

    def identity(self, node: int) -> Hashable:
        """The inode number."""
        return node

    def status(self, node: int) -> Status:
        """Status from the inode."""
        inode = self._inode(node)
        fields = inode.inode
        return Status(
            kind=_KINDS.get(stat.S_IFMT(fields.di_mode), Kind.OTHER),
            mode=stat.S_IMODE(fields.di_mode),
            uid=fields.di_uid,
            gid=fields.di_gid,
            size=inode.size,
            mtime=inode.mtime_ns // 1_000_000_000,
        )

    def entries(self, node: int) -> Iterator[tuple[str, int]]:
        """Names and inode numbers."""
        inode = self._inode(node)
        if inode.size > MAX_DIRECTORY:
            raise ValueError(f"a directory of {inode.size} bytes")
        for entry in inode.iterdir():
            yield entry.filename, entry.inum

    def link(self, node: int) -> str:
        """Target of a link."""
        return str(self._inode(node).link)

    def content(self, node: int) -> Stream:
        """Contents of a file."""
        stream: Stream = self._inode(node).open()
        return stream


def _check_superblock(window: Window) -> None:
    """Refuse what the parser would take at its word, or does not know."""
    window.seek(0)
    block = window.read(512)
    (block_size,) = struct.unpack_from(">I", block, _BLOCK_SIZE)
    version, _, inode_size = struct.unpack_from(">HHH", block, _VERSION)
    (features,) = struct.unpack_from(">I", block, _INCOMPATIBLE)
    if block_size not in _BLOCK_SIZES or inode_size not in _INODE_SIZES:
        raise ValueError(f"block size {block_size}, inode size {inode_size}")
    if version & 0xF == 5 and features & ~_READABLE:  # noqa: PLR2004 - XFS_SB_VERSION_5
        raise NotImplementedError(f"XFS features {features & ~_READABLE:#x}")
    if block[_DIRECTORY_BLOCK_LOG] != 0:
        raise NotImplementedError("XFS directories of several blocks each")
