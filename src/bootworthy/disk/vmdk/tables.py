"""The grain tables of a sparse VMDK extent, read into extents, and its compressed grains.

Source: VMware, Virtual Disk Format 5.0, "Grain Directory", "Grain Table", "Compressed Grain" and
"Markers".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from bootworthy.disk.deflate import DeflateError, inflate_zlib
from bootworthy.disk.extents import (
    Extent,
    Ints,
    Kind,
    Rows,
    clip,
    in_order,
    joined,
    make_rows,
    merge,
    refuse_too_many,
)
from bootworthy.disk.placement import refuse_beyond
from bootworthy.disk.sizes import MIB, SECTOR
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.vmdk.header import SparseHeader

_MARKER = struct.Struct("<QI")

# Maps 8 TiB in grains of 64 KiB.
_MAX_TABLES = 512 * MIB

_BATCH_BYTES = 1 << 19


def read(file: HostFile, header: SparseHeader, size: int) -> tuple[Rows, bool]:
    """The extents of the first ``size`` bytes, and whether the redundant directory had to serve.

    Raises:
        ImageError: the tables are damaged, or the file ends before what they point to.
    """
    if not header.spare_directory:
        return _rows(file, header, header.directory, size), False
    try:
        if not _is_emptier(file, header, size):
            return _rows(file, header, header.directory, size), False
    except ImageError as error:
        if error.code == "image-too-complex":
            raise
        damage = error
    else:
        return _rows(file, header, header.spare_directory, size), True
    try:
        return _rows(file, header, header.spare_directory, size), True
    except ImageError:
        raise damage from None


def _is_emptier(file: HostFile, header: SparseHeader, size: int) -> bool:
    """Whether the directory lacks tables that its readable copy has."""
    own = np.count_nonzero(_directory(file, header, header.directory, size))
    try:
        spare = np.count_nonzero(_directory(file, header, header.spare_directory, size))
    except ImageError:
        return False
    return bool(own < spare)


def _rows(file: HostFile, header: SparseHeader, directory: int, size: int) -> Rows:
    batches: list[Rows] = []
    total = 0
    for index, entries in _entries(file, header, directory, size):
        batches.append(merge(_batch_rows(header, index, entries)))
        total += len(batches[-1])
        refuse_too_many(total)
    rows = clip(merge(joined(batches)), size)
    refuse_beyond(file, rows)
    if header.compressed:
        _bound(rows, header, file.size)
    return rows


def _directory(file: HostFile, header: SparseHeader, directory: int, size: int) -> Ints:
    """Where the grain tables are; 0 where there is none."""
    count = -(-size // header.table_span)
    raw = file.pread_exact(directory, count * 4, "grain directory")
    offsets = np.frombuffer(raw, "<u4").astype(np.int64) * SECTOR
    used = np.sort(offsets[offsets != 0])
    if len(used) and int(used[-1]) + header.entries_per_table * 4 > file.size:
        file.truncated(int(used[-1]) + header.entries_per_table * 4, "grain table")
    if np.any(used[1:] == used[:-1]):
        file.corrupt("its grain directory names a grain table twice")
    if len(used) * header.entries_per_table * 4 > _MAX_TABLES:
        raise ImageError(
            "image-too-complex",
            f"{file.path} has {len(used)} grain tables, more than {_MAX_TABLES // MIB} MiB",
            hint="convert it with larger blocks: "
            "qemu-img convert -O qcow2 -o cluster_size=2M IMAGE OUT.qcow2",
        )
    return offsets


def _entries(
    file: HostFile, header: SparseHeader, directory: int, size: int
) -> Iterator[tuple[Ints, Ints]]:
    """Table entries with the numbers of the grains they describe, some tables at a time."""
    offsets = _directory(file, header, directory, size)
    grains = -(-size // header.grain_size)
    used = np.flatnonzero(offsets)
    per_table = header.entries_per_table
    step = max(_BATCH_BYTES // (4 * per_table), 1)
    for start in range(0, len(used), step):
        batch = used[start : start + step]
        raw = b"".join(
            file.pread_exact(offset, per_table * 4, "grain table")
            for offset in offsets[batch].tolist()
        )
        index = (batch[:, None] * per_table + np.arange(per_table)).ravel()
        inside = index < grains
        yield index[inside], np.frombuffer(raw, "<u4").astype(np.int64)[inside]


def _batch_rows(header: SparseHeader, index: Ints, entries: Ints) -> Rows:
    zeroed = (entries == 1) & header.zeroed
    stored = (entries != 0) & ~zeroed
    kind = Kind.ENCODED if header.compressed else Kind.DATA
    size = header.grain_size
    return in_order(
        make_rows(index[stored] * size, size, kind, host=entries[stored] * SECTOR),
        make_rows(index[zeroed] * size, size, Kind.ZERO),
    )


def _bound(rows: Rows, header: SparseHeader, file_size: int) -> None:
    """Compressed grains say themselves how long they are; before the next one they must end."""
    encoded = np.flatnonzero(rows["kind"] == Kind.ENCODED)
    order = encoded[np.argsort(rows["host"][encoded], kind="stable")]
    host = rows["host"][order]
    room = np.diff(host, append=file_size)
    rows["stored"][order] = np.minimum(room, _largest(header))


def _largest(header: SparseHeader) -> int:
    # qemu's limit too: what does not compress grows by less than a hundredth.
    return _MARKER.size + 2 * header.grain_size


def decode_grain(file: HostFile, header: SparseHeader, extent: Extent, start: int) -> bytes:
    """Decompress a grain that begins ``start`` bytes into what ``header`` describes.

    Raises:
        ImageError: ``image-corrupt``.
    """
    stored = file.pread(extent.host, extent.stored)
    if header.markers:
        stored = _behind_marker(file, extent, stored, start)
    try:
        return inflate_zlib(stored, header.grain_size)
    except DeflateError:
        file.corrupt(f"the compressed grain at byte {extent.host} does not decompress")


def _behind_marker(file: HostFile, extent: Extent, stored: bytes, start: int) -> bytes:
    if len(stored) <= _MARKER.size:
        file.truncated(extent.host + _MARKER.size + 1, "compressed grain")
    sector, length = _MARKER.unpack_from(stored)
    if sector * SECTOR != start:
        file.corrupt(f"the grain at byte {extent.host} belongs to sector {sector} of the disk")
    if not 0 < length <= len(stored) - _MARKER.size:
        file.corrupt(f"the grain at byte {extent.host} would have {length} bytes")
    return stored[_MARKER.size : _MARKER.size + length]
