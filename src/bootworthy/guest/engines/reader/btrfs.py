"""btrfs on one device, with its subvolumes and compressed files."""

from __future__ import annotations

import stat
import struct
from collections.abc import Hashable, Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import NamedTuple

import zstandard
from dissect.btrfs import btrfs as parser
from dissect.btrfs import stream as streams
from dissect.btrfs import tree as trees
from dissect.btrfs.c_btrfs import c_btrfs

from bootworthy.guest.engines.reader.nodes import PATH_MAX, Stream, Volume
from bootworthy.guest.engines.reader.source import Window
from bootworthy.guest.tree import Kind, Status

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.LINK}

# The superblock: Documentation of btrfs, On-disk format, and include/uapi/linux/btrfs_tree.h.
_SUPERBLOCK = 0x10000
_DEVICES = 0x88
_NODE_SIZE = 0x94
_INCOMPATIBLE = 0xBC
_MAX_NODE_SIZE = 65536
_MAX_LEVEL = 8

# A node's header: struct btrfs_header; an item is struct btrfs_item.
_NODE_ADDRESS = 48
_NODE_ITEMS = 96
_ITEM_SIZE = 25

# MIXED_BACKREF, DEFAULT_SUBVOL, MIXED_GROUPS, COMPRESS_LZO, COMPRESS_ZSTD, BIG_METADATA,
# EXTENDED_IREF, SKINNY_METADATA, NO_HOLES, METADATA_UUID; no RAID56, no zones, no stripe tree.
_READABLE = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400

# fs/btrfs/compression.h: what one compressed extent takes, packed and unpacked.
_MAX_COMPRESSED = 128 << 10

_TOP = 5  # BTRFS_FS_TREE_OBJECTID


class _Node(NamedTuple):
    """An inode of a subvolume; number 0 is the empty directory where a subvolume used to be."""

    subvolume: int
    number: int


_GONE = 0


class BtrfsVolume(Volume[_Node]):
    """A btrfs seen from one of its subvolumes; empty means the one mounted by default."""

    def __init__(self, window: Window, subvolume: str = "") -> None:
        _check_superblock(window)
        self._fs = _OneDevice(window)
        self._inode = lru_cache(4096)(self._make_inode)
        self._root = self._node_of(self._fs.default_subvolume.root)
        if subvolume:
            self._root = self._below_top(subvolume)

    def _below_top(self, path: str) -> _Node:
        node = self._node_of(self._fs.fs_tree.root)
        for part in path.split("/"):
            node = dict(self.entries(node))[part]
        return node

    @staticmethod
    def _node_of(inode: parser.INode) -> _Node:
        return _Node(inode.subvolume.objectid, inode.inum)

    def _make_inode(self, node: _Node) -> parser.INode:
        return self._fs.open_subvolume(node.subvolume).inode(node.number)

    @property
    def root(self) -> _Node:
        """The root directory of the subvolume."""
        return self._root

    def identity(self, node: _Node) -> Hashable:
        """Subvolume and inode number."""
        return node

    def status(self, node: _Node) -> Status:
        """Status from the inode."""
        if node.number == _GONE:
            return Status(Kind.DIRECTORY, 0o755, 0, 0, 0, 0)
        fields = self._inode(node).inode
        return Status(
            kind=_KINDS.get(stat.S_IFMT(fields.mode), Kind.OTHER),
            mode=stat.S_IMODE(fields.mode),
            uid=fields.uid,
            gid=fields.gid,
            size=fields.size,
            mtime=fields.mtime.sec,
        )

    def entries(self, node: _Node) -> Iterator[tuple[str, _Node]]:
        """Names, and inodes of this subvolume or roots of others."""
        if node.number == _GONE:
            return
        cursor = self._fs.open_subvolume(node.subvolume).tree.cursor()
        # The first two indices of a directory are its dots.
        found = cursor.iter(node.number, c_btrfs.BTRFS_DIR_INDEX_KEY, 2, ignore_offset=True)
        for _, data in found:
            item = c_btrfs.btrfs_dir_item(data)
            yield item.name.decode("utf-8", "surrogateescape"), self._target(node, item.location)

    def _target(self, parent: _Node, key: c_btrfs.btrfs_disk_key) -> _Node:
        if key.type != c_btrfs.BTRFS_ROOT_ITEM_KEY:
            return _Node(parent.subvolume, key.objectid)
        # A snapshot keeps the names of the subvolumes in its source and shows empty directories
        # for them (fs/btrfs/inode.c, btrfs_lookup_dentry).
        try:
            reference = self._fs.root_reference(parent.subvolume, key.objectid)
        except KeyError:
            return _Node(key.objectid, _GONE)
        if reference.dirid != parent.number:
            return _Node(key.objectid, _GONE)
        return self._node_of(self._fs.open_subvolume(key.objectid).root)

    def link(self, node: _Node) -> str:
        """Target of a link."""
        return str(self._inode(node).open().read(PATH_MAX).decode("utf-8", "surrogateescape"))

    def content(self, node: _Node) -> Stream:
        """Contents of a file, unpacked as they are read."""
        stream: Stream = self._inode(node).open()
        for extent in getattr(stream, "extents", ()):
            if extent.compression and extent.disk_length > _MAX_COMPRESSED:
                raise ValueError(f"a compressed extent of {extent.disk_length} bytes")
        return stream


def _check_superblock(window: Window) -> None:
    """Refuse what the parser would take at its word, or does not know."""
    window.seek(_SUPERBLOCK)
    block = window.read(4096)
    (devices,) = struct.unpack_from("<Q", block, _DEVICES)
    _, node_size = struct.unpack_from("<II", block, _NODE_SIZE - 4)
    (features,) = struct.unpack_from("<Q", block, _INCOMPATIBLE)
    if not 0 < node_size <= _MAX_NODE_SIZE:
        raise ValueError(f"nodes of {node_size} bytes")
    if devices > 1:
        raise NotImplementedError(f"btrfs on {devices} devices")
    if features & ~_READABLE:
        raise NotImplementedError(f"btrfs features {features & ~_READABLE:#x}")


class _OneDevice(parser.Btrfs):  # type: ignore[misc] # the parser has no types
    """A btrfs whose every stripe has to be on the one device there is."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "devices" and isinstance(value, dict):
            value = _Known(value)
        super().__setattr__(name, value)

    def _read_node(self, address: int) -> bytes:
        """A node that is where it says it is and holds what it has room for."""
        node: bytes = super()._read_node(address)
        (place,) = struct.unpack_from("<Q", node, _NODE_ADDRESS)
        items, level = struct.unpack_from("<IB", node, _NODE_ITEMS)
        if place != address or level >= _MAX_LEVEL or not 0 < items <= len(node) // _ITEM_SIZE:
            raise ValueError(f"the tree node at {address} is damaged")
        return node

    def root_reference(self, parent: int, child: int) -> c_btrfs.btrfs_root_ref:
        """Where the subvolume ``parent`` holds ``child``; KeyError when it does not."""
        _, data = self._root_tree.find(parent, c_btrfs.BTRFS_ROOT_REF_KEY, child)
        return c_btrfs.btrfs_root_ref(data)


class _Known(dict[int, object]):
    """Devices by id; the parser looks for another copy for ever when one is missing."""

    def get(self, key: int, default: object = None) -> object:  # noqa: ARG002
        """The device, or a KeyError."""
        return self[key]


class _Cursor(trees.Cursor):  # type: ignore[misc] # the parser has no types
    """A cursor that does not follow a tree deeper than the format allows, nor for ever."""

    def push(self, address: int, initial_index: int = 0) -> None:
        """Go down a level."""
        if len(self._path) > _MAX_LEVEL:
            raise ValueError("a tree of more than 8 levels")
        source = self.btree.btrfs.fhs[0]
        if isinstance(source, Window):
            source.work.spend()
        super().push(address, initial_index)


class _Zstd:
    """The decompressor the parser expects, of at most the output an extent can have."""

    eof = True
    unused_data = b""

    def decompress(self, data: bytes) -> bytes:
        """One frame; what follows it is padding."""
        reader = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=False)
        return bytes(reader.read(_MAX_COMPRESSED))


trees.Cursor = _Cursor
streams.zstd = SimpleNamespace(ZstdDecompressor=_Zstd)
streams.HAS_ZSTD = True
