"""The header of a qcow2 file.

Source: QEMU, docs/interop/qcow2.txt, "Header", "Additional fields", "Header extensions".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bootworthy.disk.formats.qcow2 import MAGIC
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

_V2 = struct.Struct(">4sIQIIQIIQQIIQ")
_V3 = struct.Struct(">QQQII")
_V2_LENGTH = 72
_V3_LENGTH = 104

_DIRTY = 1 << 0
_CORRUPT = 1 << 1
_EXTERNAL_DATA = 1 << 2
_COMPRESSION = 1 << 3
_EXTENDED_L2 = 1 << 4
_KNOWN = _DIRTY | _CORRUPT | _EXTERNAL_DATA | _COMPRESSION | _EXTENDED_L2

_ZLIB, _ZSTD = 0, 1

# qemu's own limits (block/qcow2.h: MIN_ and MAX_CLUSTER_BITS, QCOW_MAX_L1_SIZE).
_CLUSTER_BITS = range(9, 22)
_EXTENDED_MIN_CLUSTER_BITS = 14
_MAX_L1_BYTES = 32 << 20
_MAX_BACKING_NAME = 1023

_EXT_END = 0
_EXT_BACKING_FORMAT = 0xE279_2ACA
_EXT_DATA_FILE = 0x4441_5441

# More header than qemu ever writes: the extensions there are take some hundred bytes.
_MAX_EXTENSIONS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the header says; sizes and offsets are bytes, names are as stored.

    ``backing_format`` is qemu's name for the backing file's format, empty when it is not given.
    ``data_file`` is None unless guest data is in another file, empty when that is not named.
    """

    version: int
    cluster_bits: int
    size: int
    l1_offset: int
    l1_entries: int
    snapshots: int
    dirty: bool
    extended: bool
    zstd: bool
    backing_file: bytes | None
    backing_format: str
    data_file: bytes | None

    @property
    def cluster_size(self) -> int:
        """Bytes in a cluster."""
        return 1 << self.cluster_bits

    @property
    def clusters(self) -> int:
        """How many clusters the disk has, the last one perhaps in part."""
        return -(-self.size >> self.cluster_bits)

    @property
    def entries_per_table(self) -> int:
        """How many clusters one L2 table maps."""
        return self.cluster_size // (16 if self.extended else 8)

    @property
    def needed_l1_entries(self) -> int:
        """How many L1 entries map the disk; those behind belong to saved machine states."""
        return -(-self.clusters // self.entries_per_table)


def parse(file: HostFile) -> Header:
    """Read and check the header of ``file``.

    Raises:
        ImageError: it is no qcow2 header, it contradicts itself, or it asks for what is not read.
    """
    fixed = _V2.unpack(file.pread_exact(0, _V2.size, "header"))
    magic, version, backing_offset, backing_length, cluster_bits, size, encryption = fixed[:7]
    l1_entries, l1_offset, _, _, snapshots, _ = fixed[7:]
    if magic != MAGIC:
        file.corrupt("it does not begin as a qcow2 image")
    incompatible, length = _features(file, version)
    _refuse_unreadable(file, incompatible, encryption)
    extended = bool(incompatible & _EXTENDED_L2)
    _check_cluster_bits(file, cluster_bits, extended=extended)
    extensions = _extensions(file, length, 1 << cluster_bits)
    header = Header(
        version=version,
        cluster_bits=cluster_bits,
        size=size,
        l1_offset=l1_offset,
        l1_entries=l1_entries,
        snapshots=snapshots,
        dirty=bool(incompatible & _DIRTY),
        extended=extended,
        zstd=_is_zstd(file, incompatible, length),
        backing_file=_backing_file(file, backing_offset, backing_length),
        backing_format=extensions.get(_EXT_BACKING_FORMAT, b"").decode("ascii", "replace"),
        data_file=extensions.get(_EXT_DATA_FILE, b"") if incompatible & _EXTERNAL_DATA else None,
    )
    _check_l1(file, header)
    return header


def _features(file: HostFile, version: int) -> tuple[int, int]:
    """The incompatible feature bits and the length of the header."""
    if version == 2:  # noqa: PLR2004 - a version number
        return 0, _V2_LENGTH
    if version != 3:  # noqa: PLR2004 - a version number
        _unsupported(file, f"qcow2 version {version}")
    fields = _V3.unpack(file.pread_exact(_V2_LENGTH, _V3.size, "header"))
    incompatible, length = fields[0], fields[4]
    if length < _V3_LENGTH or length % 8 or length > _MAX_EXTENSIONS:
        file.corrupt(f"its header claims {length} bytes")
    return incompatible, length


def _refuse_unreadable(file: HostFile, incompatible: int, encryption: int) -> None:
    if encryption:
        raise ImageError(
            "image-encrypted",
            f"{file.path} is encrypted",
            hint="decrypt it first: qemu-img convert with --object secret",
        )
    if incompatible & ~_KNOWN:
        _unsupported(file, f"qcow2 with unknown features {incompatible & ~_KNOWN:#x}")
    if incompatible & _CORRUPT:
        file.corrupt("qemu marked it corrupt")


def _unsupported(file: HostFile, what: str) -> NoReturn:
    raise ImageError(
        "image-format-unsupported",
        f"{file.path}: {what}, not read yet",
        hint="convert it with the tool that made it: qemu-img convert -O qcow2 IMAGE OUT.qcow2",
    )


def _check_cluster_bits(file: HostFile, bits: int, *, extended: bool) -> None:
    if bits not in _CLUSTER_BITS or (extended and bits < _EXTENDED_MIN_CLUSTER_BITS):
        file.corrupt(f"its clusters would have 2**{bits} bytes")


def _is_zstd(file: HostFile, incompatible: int, length: int) -> bool:
    kind = file.pread_exact(_V3_LENGTH, 1, "header")[0] if length > _V3_LENGTH else _ZLIB
    if bool(incompatible & _COMPRESSION) != (kind != _ZLIB):
        file.corrupt("its header contradicts itself about compression")
    if kind not in (_ZLIB, _ZSTD):
        _unsupported(file, f"qcow2 with compression type {kind}")
    return kind == _ZSTD


def _extensions(file: HostFile, start: int, cluster_size: int) -> dict[int, bytes]:
    """The header extensions by type; they end with the first cluster at the latest."""
    area = file.pread(start, min(cluster_size, _MAX_EXTENSIONS) - start)
    found: dict[int, bytes] = {}
    position = 0
    while position + 8 <= len(area):
        kind, length = struct.unpack_from(">II", area, position)
        if kind == _EXT_END:
            break
        position += 8
        if position + length > len(area):
            file.corrupt("a header extension reaches out of the header")
        found[kind] = area[position : position + length]
        position += -(-length // 8) * 8
    return found


def _backing_file(file: HostFile, offset: int, length: int) -> bytes | None:
    if offset == 0:
        return None
    if not 0 < length <= _MAX_BACKING_NAME:
        file.corrupt(f"the name of its backing file would have {length} bytes")
    return file.pread_exact(offset, length, "backing file name")


def _check_l1(file: HostFile, header: Header) -> None:
    needed = header.needed_l1_entries
    if needed * 8 > _MAX_L1_BYTES:
        file.corrupt(f"a disk of {header.size} bytes is too large for its clusters")
    if header.l1_entries < needed:
        file.corrupt(f"its L1 table has {header.l1_entries} entries instead of {needed}")
    if header.l1_offset % header.cluster_size:
        file.corrupt("its L1 table is not aligned to a cluster")
