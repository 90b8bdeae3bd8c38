"""The nodes of a btrfs' trees, each checked against its checksum and against what leads to it.

Source: Linux, include/uapi/linux/btrfs_tree.h (btrfs_header, btrfs_item, btrfs_key_ptr).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bootworthy.disk.btrfs_layout import (
    MAX_LEVEL,
    Chunks,
    Layout,
    Root,
    Unreadable,
    checksum_fits,
)
from bootworthy.disk.probes.area import Area

Key = tuple[int, int, int]
Rows = npt.NDArray[np.void]

_HEADER_SIZE = 101
_KEY = [("objectid", "<u8"), ("type", "u1"), ("offset", "<u8")]
_ITEM = np.dtype([*_KEY, ("place", "<u4"), ("size", "<u4")])
_POINTER = np.dtype([*_KEY, ("address", "<u8"), ("generation", "<u8")])

# What is read of all trees together: at 16 KiB each, they hold some ten million extents.
_MAX_NODES = 1 << 16


@dataclass(frozen=True)
class Leaf:
    """The items of one leaf, in order."""

    items: Rows
    raw: bytes

    def keys(self) -> list[Key]:
        """What the items are found by."""
        return _keys(self.items)

    def data(self, index: int) -> bytes:
        """What an item holds.

        Raises:
            Unreadable: it lies beyond the leaf.
        """
        start = _HEADER_SIZE + int(self.items["place"][index])
        end = start + int(self.items["size"][index])
        if end > len(self.raw):
            raise Unreadable
        return self.raw[start:end]


class Trees:
    """The trees of one file system, as far as ``chunks`` says where their nodes are."""

    def __init__(self, area: Area, layout: Layout, chunks: Chunks) -> None:
        self.chunks = chunks
        self._area = area
        self._layout = layout
        self._read = 0

    def leaves(self, root: Root) -> Iterator[Leaf]:
        """All leaves of a tree from its first to its last.

        Raises:
            Unreadable: a node is damaged, or there are too many.
        """
        if root.level > MAX_LEVEL:
            raise Unreadable
        raw = self._node(root)
        if root.level == 0:
            yield Leaf(_rows(raw, _ITEM), raw)
            return
        for row in _rows(raw, _POINTER):
            yield from self.leaves(_child(root, row))

    def find(self, root: Root, key: Key) -> bytes:
        """What the item of a key holds.

        Raises:
            Unreadable: there is none, or a node on the way is damaged.
        """
        if root.level > MAX_LEVEL:
            raise Unreadable
        while root.level:
            pointers = _rows(self._node(root), _POINTER)
            at = bisect_right(_keys(pointers), key) - 1
            if at < 0:
                raise Unreadable
            root = _child(root, pointers[at])
        raw = self._node(root)
        leaf = Leaf(_rows(raw, _ITEM), raw)
        keys = leaf.keys()
        if key not in keys:
            raise Unreadable
        return leaf.data(keys.index(key))

    def _node(self, root: Root) -> bytes:
        layout = self._layout
        self._read += 1
        if self._read > _MAX_NODES:
            raise Unreadable
        raw = self._area.at(self.chunks.place_of(root.address, layout.node), layout.node)
        (address,) = struct.unpack_from("<Q", raw, 48)
        generation, owner, _, level = struct.unpack_from("<QQIB", raw, 80)
        found = Root(address=address, level=level, generation=generation, owner=owner)
        if found != root or raw[32:48] != layout.fsid or not checksum_fits(raw, layout.digest):
            raise Unreadable
        return raw


def _rows(raw: bytes, kind: np.dtype[np.void]) -> Rows:
    """What a node lists behind its header."""
    count = int.from_bytes(raw[96:100], "little")
    if count > (len(raw) - _HEADER_SIZE) // kind.itemsize:
        raise Unreadable
    return np.frombuffer(raw, kind, count, _HEADER_SIZE)


def _keys(rows: Rows) -> list[Key]:
    columns = (rows["objectid"], rows["type"], rows["offset"])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _child(root: Root, row: np.void) -> Root:
    address, generation = int(row["address"]), int(row["generation"])
    return Root(address=address, level=root.level - 1, generation=generation, owner=root.owner)
