"""The two-level cluster map of a qcow2 file, read into extents.

Source: QEMU, docs/interop/qcow2.txt, "Cluster mapping" and "Extended L2 Entries".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from bootworthy.disk.extents import (
    Ints,
    Kind,
    Rows,
    clip,
    in_order,
    joined,
    make_rows,
    merge,
    no_rows,
    refuse_too_many,
)
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.qcow2.header import Header

Entries: TypeAlias = npt.NDArray[np.uint64]

_OFFSET = np.uint64(0x00FF_FFFF_FFFF_FE00)
_COPIED = np.uint64(1 << 63)
_COMPRESSED = np.uint64(1 << 62)
_ZERO = np.uint64(1)
_NOTHING = np.uint64(0)
_ALL = np.uint64(0xFFFF_FFFF)
_SUBCLUSTERS = 32

# Maps 8 TiB in clusters of 64 KiB; reading it takes seconds. More is a file made to stall us.
_MAX_L2_BYTES = 1 << 30

# Tables decoded at once: small enough for the caches and for 32 subclusters of each cluster.
_BATCH_BYTES = 1 << 19
_BATCH_ROWS = 1 << 16


def read(file: HostFile, header: Header, data: HostFile) -> Rows:
    """The extents of the disk, in its order; file 0 is ``data``, ``file`` itself or an external.

    Raises:
        ImageError: the tables are damaged, or the file ends before what they point to.
    """
    rows = clip(_all_rows(file, header, external=data is not file), header.size)
    _refuse_shared(file, rows)
    return _fitted(file, header, rows, data.size)


def _all_rows(file: HostFile, header: Header, *, external: bool) -> Rows:
    read_batch = _extended_rows if header.extended else _standard_rows
    batches: list[Rows] = []
    total = 0
    for index, table in _tables(file, header):
        batches.append(merge(read_batch(file, header, index, table, external=external)))
        total += len(batches[-1])
        refuse_too_many(total)
    return merge(joined(batches))


def _tables(file: HostFile, header: Header) -> Iterator[tuple[Ints, Entries]]:
    """L2 entries with the numbers of the clusters they describe, some tables at a time."""
    offsets = _table_offsets(file, header)
    used = np.flatnonzero(offsets)
    size, per_table = header.cluster_size, header.entries_per_table
    step = max(_BATCH_BYTES // size, 1)
    for start in range(0, len(used), step):
        batch = used[start : start + step]
        table = _load(file, offsets[batch].tolist(), size).reshape(len(batch) * per_table, -1)
        index = (batch[:, None] * per_table + np.arange(per_table)).ravel()
        inside = index < header.clusters
        yield index[inside], table[inside]


def _table_offsets(file: HostFile, header: Header) -> Ints:
    """Where the L2 tables are; 0 where there is none."""
    count = header.needed_l1_entries
    raw = file.pread_exact(header.l1_offset, count * 8, "L1 table")
    offsets = (np.frombuffer(raw, ">u8").astype(np.uint64) & _OFFSET).astype(np.int64)
    used = offsets[offsets != 0]
    if np.any(used % header.cluster_size):
        file.corrupt("an L2 table is not aligned to a cluster")
    if len(used) and int(used.max()) + header.cluster_size > file.size:
        file.truncated(int(used.max()) + header.cluster_size, "L2 table")
    if _has_twins(used):
        file.corrupt("its L1 table names an L2 table twice")
    if len(used) * header.cluster_size > _MAX_L2_BYTES:
        raise ImageError(
            "image-too-complex",
            f"{file.path} has {len(used)} cluster tables, more than {_MAX_L2_BYTES >> 20} MiB",
            hint="convert it with larger clusters: "
            "qemu-img convert -O qcow2 -o cluster_size=2M IMAGE OUT.qcow2",
        )
    return offsets


def _has_twins(values: Ints) -> bool:
    """Whether a number is there twice; honest tables are mostly in order already."""
    if np.all(values[1:] > values[:-1]):
        return False
    ordered = np.sort(values)
    return bool(np.any(ordered[1:] == ordered[:-1]))


def _load(file: HostFile, offsets: list[int], size: int) -> Entries:
    raw = b"".join(file.pread_exact(offset, size, "L2 table") for offset in offsets)
    return np.frombuffer(raw, ">u8").astype(np.uint64)


def _standard_rows(
    file: HostFile, header: Header, index: Ints, table: Entries, *, external: bool
) -> Rows:
    entries = table[:, 0]
    compressed = (entries & _COMPRESSED) != _NOTHING
    zero = ((entries & _ZERO) != _NOTHING) & ~compressed
    if header.version < 3 and np.any(zero):  # noqa: PLR2004 - a version number
        file.corrupt("a cluster of a version 2 image claims to be zero")
    allocated = _allocated(entries, external=external) & ~compressed & ~zero
    size = header.cluster_size
    host = (entries & _OFFSET).astype(np.int64)
    _check_data(file, header, index[allocated], host[allocated], external=external)
    encoded = _compressed_rows(file, header, index[compressed], entries[compressed], external)
    return in_order(
        make_rows(index[allocated] * size, size, Kind.DATA, host=host[allocated]),
        make_rows(index[zero] * size, size, Kind.ZERO),
        encoded,
    )


def _extended_rows(
    file: HostFile, header: Header, index: Ints, table: Entries, *, external: bool
) -> Rows:
    entries, bitmaps = table[:, 0], table[:, 1]
    compressed = (entries & _COMPRESSED) != _NOTHING
    bitmaps = np.where(compressed, _NOTHING, bitmaps)
    data, zero = bitmaps & _ALL, bitmaps >> np.uint64(_SUBCLUSTERS)
    allocated = _allocated(entries, external=external) & ~compressed
    if np.any(data & zero) or np.any((data != _NOTHING) & ~allocated):
        file.corrupt("the bitmap of a cluster contradicts itself")
    host = (entries & _OFFSET).astype(np.int64)
    _check_data(file, header, index[allocated], host[allocated], external=external)
    return in_order(
        _subcluster_rows(header, index, host, data, Kind.DATA),
        _subcluster_rows(header, index, host, zero, Kind.ZERO),
        _compressed_rows(file, header, index[compressed], entries[compressed], external),
    )


def _subcluster_rows(header: Header, index: Ints, host: Ints, bitmaps: Entries, kind: Kind) -> Rows:
    """A row for each whole cluster, and for each subcluster of the others, with its bit set."""
    size = header.cluster_size
    whole, partly = bitmaps == _ALL, (bitmaps != _ALL) & (bitmaps != _NOTHING)
    octets = np.ascontiguousarray(bitmaps[partly], "<u4").view(np.uint8).reshape(-1, 4)
    cluster, number = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
    within = number * (size // _SUBCLUSTERS)
    guest, places = index[partly][cluster] * size + within, host[partly][cluster] + within
    is_data = kind is Kind.DATA
    return in_order(
        make_rows(index[whole] * size, size, kind, host=host[whole] if is_data else 0),
        make_rows(guest, size // _SUBCLUSTERS, kind, host=places if is_data else 0),
    )


def _compressed_rows(
    file: HostFile, header: Header, index: Ints, entries: Entries, external: bool
) -> Rows:
    if external and len(entries):
        file.corrupt("a compressed cluster lies in an external data file")
    # "Compressed Clusters Descriptor": the offset has x = 62 - (cluster_bits - 8) bits, above it
    # the number of further sectors.
    offset_bits = np.uint64(70 - header.cluster_bits)
    host = (entries & ((np.uint64(1) << offset_bits) - np.uint64(1))).astype(np.int64)
    sector_mask = np.uint64((1 << (header.cluster_bits - 8)) - 1)
    sectors = ((entries >> offset_bits) & sector_mask).astype(np.int64) + 1
    stored = sectors * 512 - host % 512
    return make_rows(
        index * header.cluster_size, header.cluster_size, Kind.ENCODED, host=host, stored=stored
    )


def _allocated(entries: Entries, *, external: bool) -> npt.NDArray[np.bool_]:
    """Whether entries have a host cluster; in an external file that may be the one at 0."""
    mask = _OFFSET | _COPIED if external else _OFFSET
    allocated: npt.NDArray[np.bool_] = (entries & mask) != _NOTHING
    return allocated


def _check_data(file: HostFile, header: Header, index: Ints, host: Ints, *, external: bool) -> None:
    if np.any(host % header.cluster_size):
        file.corrupt("a data cluster is not aligned")
    if external and np.any(host != index * header.cluster_size):
        file.corrupt("a cluster of the external data file is not at its own place")


def _refuse_shared(file: HostFile, rows: Rows) -> None:
    """No tool shares clusters within one map, but a few bytes could claim to be terabytes."""
    data = rows["kind"] == Kind.DATA
    host, length = rows["host"][data], rows["length"][data]
    order = np.argsort(host, kind="stable")
    host, length = host[order], length[order]
    if np.any(host[1:] < host[:-1] + length[:-1]):
        file.corrupt("two places of the disk share a data cluster")
    places = rows["host"][rows["kind"] == Kind.ENCODED]
    if _has_twins(places):
        file.corrupt("two places of the disk share compressed data")


def _fitted(file: HostFile, header: Header, rows: Rows, size: int) -> Rows:
    """Rows that end with a file of ``size`` bytes.

    The last cluster may be cut short: what is missing of it reads as zeros, as in qemu.
    """
    zeros = [
        _fit(file, header, rows[start : start + _BATCH_ROWS], size)
        for start in range(0, len(rows), _BATCH_ROWS)
    ]
    missing = np.concatenate((no_rows(), *zeros))
    return np.concatenate((rows, missing)) if len(missing) else rows


def _fit(file: HostFile, header: Header, rows: Rows, size: int) -> Rows:
    """Shorten ``rows`` in place; what is missing of them, as zeros."""
    encoded, data = rows["kind"] == Kind.ENCODED, rows["kind"] == Kind.DATA
    last = np.where(encoded, rows["host"] + 1, rows["host"] + rows["length"])
    missing = np.where(data | encoded, last - size, 0)
    if np.any(encoded & (missing > 0)) or np.any(missing >= header.cluster_size):
        file.truncated(int(last.max()), "data")
    rows["stored"] = np.where(encoded, np.minimum(rows["stored"], size - rows["host"]), 0)
    short = missing > 0
    if not np.any(short):
        return no_rows()
    tail, absent = rows[short], missing[short]
    whole = tail["guest"] + tail["length"]
    rows["length"] -= np.where(short, missing, 0)
    if np.any(rows["length"] < 0):
        file.truncated(int(last.max()), "data")
    return make_rows(whole - absent, absent, Kind.ZERO)
