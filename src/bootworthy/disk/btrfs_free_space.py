"""Space that a btrfs on one device has free: outside of its chunks, and in them by its extent tree.

Source: Linux, include/uapi/linux/btrfs_tree.h, fs/btrfs/block-group.c. What every extent takes is
summed up for each block group and held against what the group says of itself, each group against
its chunk, and the sum of all against the superblock; when anything does not add up, nothing is
free. The free space cache or tree is not asked: it says the same, but only when it is valid.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bootworthy.disk.btrfs_layout import (
    MAX_OFFSET,
    RESERVED,
    Chunk,
    Chunks,
    Layout,
    Root,
    Unreadable,
    chunk_of,
    read_layout,
    system_chunks,
)
from bootworthy.disk.btrfs_trees import Leaf, Trees
from bootworthy.disk.probes.area import Area
from bootworthy.disk.vhd_stream import Span, joined

Ints = npt.NDArray[np.int64]

_EXTENT_TREE = 2
_BLOCK_GROUP_TREE = 11
_ROOT_ITEM = 132
_EXTENT_ITEM = 168
_METADATA_ITEM = 169
_BLOCK_GROUP_ITEM = 192
_DEVICE = (1, 216)
# Who refers to an extent, where not within its item: owner, tree, data, shared block, shared data.
_REFERENCES = (172, 176, 178, 182, 184)
_EXTENT_TREE_KINDS = (_EXTENT_ITEM, _METADATA_ITEM, _BLOCK_GROUP_ITEM, *_REFERENCES)

_ROOT_SIZE = 239
_GROUP_SIZE = 24

# Runs of extents in a row cost 16 bytes each; with more of them nothing is taken for free.
_MAX_RUNS = 1 << 20


def free_spans(area: Area) -> Iterator[Span]:
    """Spans (start, end), in bytes of the area, that hold nothing; in order.

    Raises:
        ImageError: the image cannot be read.
    """
    try:
        spans = _free_spans(area)
    except Unreadable:
        return
    yield from spans


def _free_spans(area: Area) -> list[Span]:
    layout = read_layout(area)
    trees = Trees(area, layout, Chunks(system_chunks(layout)))
    trees.chunks = Chunks(_all_chunks(trees, layout))
    used = _Used(trees, layout)
    spans = _outside(trees.chunks, layout.device_size) + used.free_spans()
    return list(_without_reserved(sorted(spans)))


def _all_chunks(trees: Trees, layout: Layout) -> Iterator[Chunk]:
    for leaf in trees.leaves(layout.chunks):
        for index, key in enumerate(leaf.keys()):
            # The tree has the devices too: there is one, which the superblock described.
            if key[:2] != _DEVICE:
                yield chunk_of(layout, key, leaf.data(index))[0]


def _outside(chunks: Chunks, size: int) -> list[Span]:
    """What of the device is in no chunk."""
    ends = [0, *(end for _, end in chunks.taken)]
    starts = [*(start for start, _ in chunks.taken), size]
    return [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]


def _without_reserved(spans: list[Span]) -> Iterator[Span]:
    for start, end in joined(iter(spans)):
        at = start
        for first, last in RESERVED:
            if first < end and at < last:
                if at < first:
                    yield at, first
                at = last
        if at < end:
            yield at, end


class _Used:
    """What the extents of a file system take of its chunks."""

    def __init__(self, trees: Trees, layout: Layout) -> None:
        self._trees = trees
        self._layout = layout
        self._chunks = trees.chunks.items
        self._starts = np.array([chunk.start for chunk in self._chunks], np.int64)
        self._ends = np.array([chunk.end for chunk in self._chunks], np.int64)
        self._taken = np.zeros(len(self._chunks), np.int64)
        self._says = np.full(len(self._chunks), -1, np.int64)
        self._runs: list[tuple[Ints, Ints]] = []
        self._count = 0
        self._end = 0

    def free_spans(self) -> list[Span]:
        """Spans of the device that are in chunks and in no extent."""
        for leaf in self._trees.leaves(self._root(_EXTENT_TREE)):
            if not np.all(np.isin(leaf.items["type"], _EXTENT_TREE_KINDS)):
                raise Unreadable
            self._add_extents(leaf)
            self._add_groups(leaf)
        if self._layout.has_group_tree:
            for leaf in self._trees.leaves(self._root(_BLOCK_GROUP_TREE)):
                self._add_groups(leaf)
        if not np.array_equal(self._taken, self._says) or self._taken.sum() != self._layout.used:
            raise Unreadable
        # The trees that were read to come here take some themselves.
        if not self._runs:
            raise Unreadable
        starts, ends = (np.concatenate(columns) for columns in zip(*self._runs, strict=True))
        return [span for chunk in self._chunks for span in _gaps(chunk, starts, ends)]

    def _root(self, tree: int) -> Root:
        raw = self._trees.find(self._layout.roots, (tree, _ROOT_ITEM, 0))
        if len(raw) < _ROOT_SIZE:
            raise Unreadable
        generation, _, address = struct.unpack_from("<QQQ", raw, 160)
        return Root(address=address, level=raw[238], generation=generation, owner=tree)

    def _add_extents(self, leaf: Leaf) -> None:
        items = leaf.items
        items = items[(items["type"] == _EXTENT_ITEM) | (items["type"] == _METADATA_ITEM)]
        if not len(items):
            return
        # The key of a tree's block has its level where that of data has the length.
        is_node = items["type"] == _METADATA_ITEM
        lengths = np.where(is_node, np.uint64(self._layout.node), items["offset"])
        if max(items["objectid"].max(), lengths.max()) > MAX_OFFSET:
            raise Unreadable
        starts, lengths = items["objectid"].astype(np.int64), lengths.astype(np.int64)
        ends = starts + lengths
        if np.any((starts | lengths) % self._layout.sector) or np.any(lengths == 0):
            raise Unreadable
        if starts[0] < self._end or np.any(starts[1:] < ends[:-1]):
            raise Unreadable
        self._end = int(ends[-1])
        self._put(starts, ends)

    def _put(self, starts: Ints, ends: Ints) -> None:
        """Extents in order: count them to their chunks, and keep what runs on as one."""
        chunk = np.searchsorted(self._starts, starts, "right") - 1
        if chunk[0] < 0 or np.any(ends > self._ends[chunk]):
            raise Unreadable
        np.add.at(self._taken, chunk, ends - starts)
        breaks = (starts[1:] != ends[:-1]) | (chunk[1:] != chunk[:-1])
        first = np.flatnonzero(np.concatenate(([True], breaks)))
        last = np.concatenate((first[1:] - 1, [len(starts) - 1]))
        self._runs.append((starts[first], ends[last]))
        self._count += len(first)
        if self._count > _MAX_RUNS:
            raise Unreadable

    def _add_groups(self, leaf: Leaf) -> None:
        items = leaf.items
        for index in np.flatnonzero(items["type"] == _BLOCK_GROUP_ITEM).tolist():
            start, length = int(items["objectid"][index]), int(items["offset"][index])
            raw = leaf.data(index)
            number = self._trees.chunks.index_of(start, length)
            used = int.from_bytes(raw[:8], "little")
            if len(raw) < _GROUP_SIZE or self._chunks[number].length != length or used > length:
                raise Unreadable
            self._says[number] = used


def _gaps(chunk: Chunk, starts: Ints, ends: Ints) -> Iterator[Span]:
    """What of a chunk is between runs of extents, at each of its places."""
    first, last = np.searchsorted(starts, (chunk.start, chunk.end))
    begins = np.concatenate(([chunk.start], ends[first:last]))
    stops = np.concatenate((starts[first:last], [chunk.end]))
    gaps = begins < stops
    for place in chunk.places:
        moved = place - chunk.start
        columns = (begins[gaps] + moved, stops[gaps] + moved)
        yield from zip(*(column.tolist() for column in columns), strict=True)
