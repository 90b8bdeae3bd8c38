"""The footer of a VHD: 512 bytes behind the disk that make a raw file a fixed VHD.

Source: Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format" and the
appendix "CHS Calculation"; all numbers are big endian.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bootworthy.disk.problem import Problem, ProblemKind
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.errors import ImageError, InternalError

FOOTER_SIZE = 512
COOKIE = b"conectix"

FIXED, DYNAMIC, DIFFERENCING = 2, 3, 4

_LAYOUT = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427s")
_CHECKSUM = slice(64, 68)

_FEATURES_RESERVED = 2
_FILE_FORMAT_1_0 = 0x0001_0000
_NO_DATA_OFFSET = 0xFFFF_FFFF_FFFF_FFFF
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_SECONDS = 0xFFFF_FFFF

# Hyper-V of Windows Server 2016 signs so; readers take the size of "win " as written, while an
# unknown creator makes qemu before 10 round it to a geometry (block/vpc.c).
_CREATOR = b"win "
_CREATOR_VERSION = 0x000A_0000
_CREATOR_OS = b"Wi2k"

# qemu, block/vpc.c: Virtual PC, Visual Studio and qemu without force_size mean the geometry; the
# largest geometry cannot tell a size, so it never counts.
_GEOMETRY_CREATORS = frozenset({b"vpc ", b"vs  ", b"qemu"})
_MAX_CYLINDERS, _MAX_HEADS, _MAX_SECTORS = 65535, 16, 255
_MAX_GEOMETRY = (_MAX_CYLINDERS, _MAX_HEADS, _MAX_SECTORS)


@dataclass(frozen=True, kw_only=True)
class Footer:
    """A VHD footer; sizes are bytes, ``geometry`` is cylinders, heads, sectors per track."""

    features: int
    file_format: int
    data_offset: int
    created: datetime
    creator: bytes
    creator_version: int
    creator_os: bytes
    original_size: int
    current_size: int
    geometry: tuple[int, int, int]
    disk_type: int
    checksum: int
    unique_id: uuid.UUID
    saved_state: bool
    checksum_valid: bool

    @property
    def geometry_size(self) -> int:
        """The size in bytes that the geometry can express."""
        cylinders, heads, sectors = self.geometry
        return cylinders * heads * sectors * SECTOR

    @property
    def size_is_geometry(self) -> bool:
        """Whether the creator meant the geometry, not ``current_size``, as the disk's size."""
        return self.creator in _GEOMETRY_CREATORS and self.geometry != _MAX_GEOMETRY

    @property
    def virtual_size(self) -> int:
        """The size of the disk in bytes, as its creator meant it."""
        return self.geometry_size if self.size_is_geometry else self.current_size


def build(
    size: int,
    *,
    unique_id: uuid.UUID | None = None,
    created: datetime | None = None,
    disk_type: int = FIXED,
    data_offset: int = _NO_DATA_OFFSET,
) -> bytes:
    """The footer of a fixed VHD of ``size`` bytes, a multiple of 512, as Hyper-V writes it.

    ``unique_id`` and ``created`` (to the second, from 2000 on) default to a random one and to now;
    give both for a reproducible file. Of a dynamic VHD, ``data_offset`` is where its header is.
    """
    if size <= 0 or size % SECTOR:
        raise InternalError("vhd-size", f"no VHD has a disk of {size} bytes")
    footer = _LAYOUT.pack(
        COOKIE,
        _FEATURES_RESERVED,
        _FILE_FORMAT_1_0,
        data_offset,
        _seconds(created or datetime.now(UTC)),
        _CREATOR,
        _CREATOR_VERSION,
        _CREATOR_OS,
        size,
        size,
        *geometry_of(size // SECTOR),
        disk_type,
        0,
        (unique_id or uuid.uuid4()).bytes,
        0,
        bytes(427),
    )
    return footer[:64] + struct.pack(">I", checksum_of(footer)) + footer[68:]


def _seconds(moment: datetime) -> int:
    return seconds_of(moment.timestamp())


def seconds_of(timestamp: float) -> int:
    """A time, in seconds since 1970, as VHDs store it: in whole seconds since 2000, in 32 bits."""
    return min(max(int(timestamp - _EPOCH.timestamp()), 0), _MAX_SECONDS)


def checksum_of(footer: bytes) -> int:
    """The one's complement of the sum of all bytes, those of the checksum field left out."""
    return ~(sum(footer) - sum(footer[_CHECKSUM])) & 0xFFFF_FFFF


def geometry_of(sectors: int) -> tuple[int, int, int]:
    """Cylinders, heads and sectors per track for a disk, by the specification's appendix.

    Rounds down: the geometry of nearly every disk is smaller than the disk.
    """
    sectors = min(sectors, _MAX_CYLINDERS * _MAX_HEADS * _MAX_SECTORS)
    if sectors >= _MAX_CYLINDERS * _MAX_HEADS * 63:
        return sectors // _MAX_SECTORS // _MAX_HEADS, _MAX_HEADS, _MAX_SECTORS
    heads, per_track = max((sectors // 17 + 1023) // 1024, 4), 17
    if sectors // per_track >= heads * 1024 or heads > _MAX_HEADS:
        heads, per_track = _MAX_HEADS, 31
    if sectors // per_track >= heads * 1024:
        heads, per_track = _MAX_HEADS, 63
    return sectors // per_track // heads, heads, per_track


def parse(data: bytes) -> Footer:
    """The footer in ``data``, 512 bytes that start with the cookie; its checksum may be wrong.

    Raises:
        ImageError: ``vhd-footer-missing``, when this is no footer.
    """
    if len(data) != FOOTER_SIZE or not data.startswith(COOKIE):
        raise ImageError(
            "vhd-footer-missing",
            "the last 512 bytes of the file are no VHD footer",
            hint="name the format it really has, or copy the file again",
        )
    fields = _LAYOUT.unpack(data)
    return Footer(
        features=fields[1],
        file_format=fields[2],
        data_offset=fields[3],
        created=_EPOCH + timedelta(seconds=fields[4]),
        creator=fields[5],
        creator_version=fields[6],
        creator_os=fields[7],
        original_size=fields[8],
        current_size=fields[9],
        geometry=(fields[10], fields[11], fields[12]),
        disk_type=fields[13],
        checksum=fields[14],
        unique_id=uuid.UUID(bytes=fields[15]),
        saved_state=bool(fields[16]),
        checksum_valid=fields[14] == checksum_of(data),
    )


def problems_of(footer: Footer, file_size: int) -> tuple[Problem, ...]:
    """What Azure would hold against the footer of a fixed VHD file of ``file_size`` bytes."""
    return (*_wrong_fields(footer), *_wrong_sizes(footer, file_size))


def _wrong_fields(footer: Footer) -> Iterator[Problem]:
    if not footer.checksum_valid:
        yield Problem(ProblemKind.FOOTER_CHECKSUM, "the checksum of the VHD footer is wrong")
    expected = (
        ("features", footer.features & _FEATURES_RESERVED, _FEATURES_RESERVED),
        ("file format version", footer.file_format, _FILE_FORMAT_1_0),
        ("data offset", footer.data_offset, _NO_DATA_OFFSET),
        ("disk type", footer.disk_type, FIXED),
        ("saved state", int(footer.saved_state), 0),
    )
    for name, found, right in expected:
        if found != right:
            text = f"{name} in the VHD footer is {found:#x}, not {right:#x}"
            yield Problem(ProblemKind.FOOTER_FIELD, text)


def _wrong_sizes(footer: Footer, file_size: int) -> Iterator[Problem]:
    disk = file_size - FOOTER_SIZE
    if footer.current_size != disk:
        text = f"the VHD footer says {footer.current_size} bytes, the file holds {disk}"
        yield Problem(ProblemKind.FOOTER_SIZE, text)
    if footer.size_is_geometry and footer.geometry_size != disk:
        text = f"the geometry in the VHD footer means {footer.geometry_size} bytes, not {disk}"
        yield Problem(ProblemKind.FOOTER_GEOMETRY, text)
