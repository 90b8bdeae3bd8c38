"""The headers and the region table of a VHDX file.

Source: [MS-VHDX] 2.2, "Header Section"; all numbers are little endian.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import google_crc32c
import numpy as np

from bootworthy.disk.formats.vhdx import SIGNATURE
from bootworthy.disk.placement import refuse_overlap
from bootworthy.disk.sizes import MIB
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootworthy.disk.hostfile import HostFile

_HEADERS = (64 << 10, 128 << 10)
_HEADER_SIZE = 4096
# Signature, checksum, sequence number, file and data write identifier, log identifier,
# version of the log and of the file, length and offset of the log.
_HEADER = struct.Struct("<4sIQ16s16s16sHHIQ")

_TABLES = (192 << 10, 256 << 10)
_TABLE_SIZE = 64 << 10
# Signature, checksum, entries, reserved.
_TABLE = struct.Struct("<4sII4x")
# Identifier, offset, length, whether a reader has to know it.
_ENTRY = struct.Struct("<16sQII")
_MAX_REGIONS = 2047

_BAT = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")

_NONE = uuid.UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Area:
    """``length`` bytes at ``offset`` of the file."""

    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the parts of the file are, by the header that counts."""

    log: Area
    bat: Area
    metadata: Area

    @property
    def areas(self) -> tuple[Area, ...]:
        """All that no block may lie over; the first MiB holds the headers."""
        return (Area(offset=0, length=MIB), self.log, self.bat, self.metadata)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the header that counts says: where the log is, and identifiers.

    ``log_id`` is that of the log's entries, zero when there is nothing to replay; ``data_id``
    changes whenever the disk does, so that a child knows its parent by it.
    """

    log: Area
    log_id: uuid.UUID
    log_version: int
    data_id: uuid.UUID

    @property
    def is_dirty(self) -> bool:
        """Whether the log has to be replayed before anything else counts."""
        return self.log_id != _NONE


def read(file: HostFile) -> Header:
    """Read the current header: the valid one, of two the one written later.

    Raises:
        ImageError: ``image-corrupt``; ``image-format-unsupported`` for another version.
    """
    if file.pread(0, len(SIGNATURE)) != SIGNATURE:
        file.corrupt("it does not begin as a VHDX file")
    valid = [raw for raw in (file.pread(at, _HEADER_SIZE) for at in _HEADERS) if _is_header(raw)]
    if not valid:
        file.corrupt("neither of its two headers is valid")
    # Disk2VHD writes two that are the same; of two that differ one has to be the later.
    if len({_sequence(raw) for raw in valid}) < len(set(valid)):
        file.corrupt("its two headers differ but have one sequence number")
    current = max(valid, key=_sequence)
    _, _, _, _, data_id, log_id, log_version, version, length, offset = _HEADER.unpack_from(current)
    if version != 1:
        unsupported(file, f"a VHDX of version {version}")
    return Header(
        log=Area(offset=offset, length=length),
        log_id=uuid.UUID(bytes_le=log_id),
        log_version=log_version,
        data_id=uuid.UUID(bytes_le=data_id),
    )


def read_layout(file: HostFile, log: Area) -> Layout:
    """Read and check the region table; the log of ``file`` is replayed already.

    Raises:
        ImageError: ``image-corrupt`` or ``image-truncated``; ``image-format-unsupported`` for a
            region that is not known.
    """
    regions = _read_regions(file)
    if _BAT not in regions or _METADATA not in regions:
        file.corrupt("its region table names no block table or no metadata")
    layout = Layout(log=log, bat=regions[_BAT], metadata=regions[_METADATA])
    for area in layout.areas[1:]:
        if area.offset % MIB or area.length % MIB:
            file.corrupt(f"its region at byte {area.offset} is not aligned to 1 MiB")
        if area.offset + area.length > file.size:
            file.truncated(area.offset + area.length, "region")
    starts = np.array([area.offset for area in layout.areas], np.int64)
    refuse_overlap(file, starts, np.array([area.length for area in layout.areas], np.int64))
    return layout


def _sequence(raw: bytes) -> int:
    return int(_HEADER.unpack_from(raw)[2])


def _is_header(raw: bytes) -> bool:
    return len(raw) == _HEADER_SIZE and raw.startswith(b"head") and _is_sealed(raw)


def _is_sealed(raw: bytes) -> bool:
    """Whether the checksum at byte 4, taken with zeros in its own place, is right."""
    stored = int.from_bytes(raw[4:8], "little")
    return stored == int(google_crc32c.value(raw[:4] + bytes(4) + raw[8:]))


def _read_regions(file: HostFile) -> dict[uuid.UUID, Area]:
    tables = (file.pread(at, _TABLE_SIZE) for at in _TABLES)
    raw = next((raw for raw in tables if raw.startswith(b"regi") and _is_sealed(raw)), b"")
    if len(raw) < _TABLE_SIZE:
        file.corrupt("neither of its two region tables is valid")
    count = _TABLE.unpack_from(raw)[2]
    if count > _MAX_REGIONS:
        file.corrupt(f"its region table has {count} entries")
    regions: dict[uuid.UUID, Area] = {}
    for region, area, required in _entries(raw, count):
        if region in regions:
            file.corrupt(f"its region table names {region} twice")
        if required and region not in (_BAT, _METADATA):
            unsupported(file, f"a VHDX with a region {region}")
        regions[region] = area
    return regions


def _entries(raw: bytes, count: int) -> Iterator[tuple[uuid.UUID, Area, bool]]:
    for number in range(count):
        region, offset, length, flags = _ENTRY.unpack_from(raw, _TABLE.size + number * _ENTRY.size)
        # Sums and arrays of offsets have to stay in 64 bits; no file is this long.
        area = Area(offset=min(offset, 1 << 62), length=length)
        yield uuid.UUID(bytes_le=region), area, bool(flags & 1)


def unsupported(file: HostFile, what: str) -> NoReturn:
    """Say that ``what`` is not read.

    Raises:
        ImageError: ``image-format-unsupported``.
    """
    raise ImageError(
        "image-format-unsupported",
        f"{file.path} is {what}, not read",
        hint="convert it on the machine that made it: Convert-VHD DISK.vhdx OUT.vhd -VHDType Fixed",
    )
