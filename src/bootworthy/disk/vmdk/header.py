"""The headers of sparse VMDK extents: hosted ones, and the older ones of ESX.

Sources: VMware, Virtual Disk Format 5.0, "Hosted Sparse Extents", "Stream-Optimized Compressed
Sparse Extents" and "ESX Server Sparse Extents".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bootworthy.disk.formats.vmdk import ESX_MAGIC, MAGIC, SE_SPARSE_MAGIC
from bootworthy.disk.sizes import MAX_VIRTUAL_SIZE, MIB, SECTOR
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

_HOSTED = struct.Struct("<4sIIQQQQIQQQB4sH")
_ESX = struct.Struct("<4sIIIIII")

_NEWLINES = 1 << 0
_REDUNDANT = 1 << 1
_ZEROED = 1 << 2
_MARKERS = 1 << 17
_KNOWN_VERSIONS = (1, 2, 3)
_NEWLINE_BYTES = b"\n \r\n"

# "gdOffset": the directory was not known when the header was written, the footer has it.
_AT_END = 0xFFFF_FFFF_FFFF_FFFF
_FOOTER_FROM_END = 2 * SECTOR

_PLAIN, _DEFLATE = 0, 1

# VMware writes grains of 64 KiB, and 512 entries a table; one grain must fit into memory.
_MAX_GRAIN = 16 * MIB
_MAX_TABLE_ENTRIES = 512
_ESX_TABLE_ENTRIES = 4096
# 64 TiB in grains of 64 KiB need 8 MiB of directory.
_MAX_DIRECTORY = 32 * MIB


@dataclass(frozen=True, kw_only=True)
class SparseHeader:
    """What the header says; sizes and offsets are bytes.

    ``directory`` is where the grain directory is, ``spare_directory`` its copy, 0 for none.
    ``compressed`` grains follow a marker if there are ``markers``. ``zeroed`` tells that entry 1
    stands for zeros. ``descriptor_size`` is 0 where the descriptor is in a file of its own.
    """

    magic: bytes
    version: int
    capacity: int
    grain_size: int
    entries_per_table: int
    directory: int
    spare_directory: int = 0
    compressed: bool = False
    markers: bool = False
    zeroed: bool = False
    unclean: bool = False
    descriptor: int = 0
    descriptor_size: int = 0

    @property
    def table_span(self) -> int:
        """Bytes of the disk that one grain table maps."""
        return self.grain_size * self.entries_per_table


def parse(file: HostFile) -> SparseHeader:
    """Read and check the header of ``file``, from its end where it is not known at the start.

    Raises:
        ImageError: it is no such header, it contradicts itself, or it asks for what is not read.
    """
    magic = file.pread(0, len(SE_SPARSE_MAGIC))
    if magic == SE_SPARSE_MAGIC:
        _unsupported(file, "a space-efficient sparse VMDK of vSphere")
    if magic.startswith(ESX_MAGIC):
        return _checked(file, _esx(file))
    header = _hosted(file, file.pread_exact(0, _HOSTED.size, "header"))
    if header.directory == _AT_END * SECTOR:
        footer = max(file.size - _FOOTER_FROM_END, 0)
        header = _hosted(file, file.pread_exact(footer, _HOSTED.size, "footer"), "footer")
    return _checked(file, header)


def _hosted(file: HostFile, raw: bytes, place: str = "header") -> SparseHeader:
    magic, version, flags, capacity, grain, descriptor, descriptor_size, *rest = _HOSTED.unpack(raw)
    entries, spare, directory, _overhead, unclean, newlines, algorithm = rest
    if magic != MAGIC:
        file.corrupt(f"its {place} does not begin as that of a VMDK; the file may be cut short")
    if version not in _KNOWN_VERSIONS:
        _unsupported(file, f"a VMDK of version {version}")
    if flags & _NEWLINES and newlines != _NEWLINE_BYTES:
        file.corrupt("it was transferred as text, which changed bytes all over it")
    if algorithm not in (_PLAIN, _DEFLATE):
        _unsupported(file, f"a VMDK with compression {algorithm}")
    return SparseHeader(
        magic=magic,
        version=version,
        capacity=capacity * SECTOR,
        grain_size=grain * SECTOR,
        entries_per_table=entries,
        directory=directory * SECTOR,
        spare_directory=spare * SECTOR if flags & _REDUNDANT else 0,
        compressed=algorithm == _DEFLATE,
        markers=bool(flags & _MARKERS),
        zeroed=bool(flags & _ZEROED),
        unclean=bool(unclean),
        descriptor=descriptor * SECTOR,
        descriptor_size=descriptor_size * SECTOR,
    )


def _esx(file: HostFile) -> SparseHeader:
    raw = file.pread_exact(0, _ESX.size, "header")
    magic, version, _flags, sectors, grain, directory, entries = _ESX.unpack(raw)
    if version != 1:
        _unsupported(file, f"an ESX sparse VMDK of version {version}")
    header = SparseHeader(
        magic=magic,
        version=version,
        capacity=sectors * SECTOR,
        grain_size=grain * SECTOR,
        entries_per_table=_ESX_TABLE_ENTRIES,
        directory=directory * SECTOR,
    )
    if grain and entries < -(-header.capacity // header.table_span):
        file.corrupt(f"its grain directory has only {entries} entries")
    return header


def _checked(file: HostFile, header: SparseHeader) -> SparseHeader:
    grain = header.grain_size
    if grain & (grain - 1) or not SECTOR <= grain <= _MAX_GRAIN:
        file.corrupt(f"its grains would have {grain} bytes")
    allowed = _ESX_TABLE_ENTRIES if header.magic == ESX_MAGIC else _MAX_TABLE_ENTRIES
    if not 1 <= header.entries_per_table <= allowed:
        file.corrupt(f"its grain tables would have {header.entries_per_table} entries")
    if header.capacity == 0:
        file.corrupt("its disk would have no bytes")
    if header.directory in (0, _AT_END * SECTOR):
        file.corrupt("it has no grain directory")
    small = min(header.capacity, MAX_VIRTUAL_SIZE)
    if -(-small // header.table_span) * 4 > _MAX_DIRECTORY:
        file.corrupt(f"a disk of {header.capacity} bytes is too large for its grains")
    return header


def _unsupported(file: HostFile, what: str) -> NoReturn:
    raise ImageError(
        "image-format-unsupported",
        f"{file.path} is {what}, not read",
        hint="export it as OVA, or clone it: vmkfstools -i DISK.vmdk -d thin OUT.vmdk",
    )
