"""Where a physical volume keeps the description of its volume group.

Source: LVM2, lib/label/label.h, lib/format_text/layout.h, lib/misc/crc.h.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.disk.lvm.text import Section, TextError, parse
from bootworthy.disk.mbr import ReadAt

_SECTOR = 512
_LABEL_SECTORS = range(4)
_AREA_MAGIC = b" LVM2 x[5A%r0N*>"
_AREA_HEADER = struct.Struct("<I16sIQQ")
_LOCATION = struct.Struct("<QQII")
_IGNORED = 1
_INITIAL_CRC = 0xF597A6CF

# vgcreate leaves 1 MiB for everything; a group of a thousand volumes has half of that in text.
_MAX_TEXT = 16 << 20
_MAX_AREAS = 16


@dataclass(frozen=True, kw_only=True)
class PhysicalVolume:
    """A physical volume: its identifier without dashes, and the groups its areas describe."""

    identifier: str
    groups: tuple[tuple[str, Section], ...]


def read_physical_volume(read_at: ReadAt, start: int, size: int) -> PhysicalVolume | None:
    """The physical volume in the ``size`` bytes at ``start`` of a disk, None when there is none."""
    for number in _LABEL_SECTORS:
        label = read_at(start + number * _SECTOR, _SECTOR).ljust(_SECTOR, b"\0")
        if label.startswith(b"LABELONE") and label[24:32] == b"LVM2 001":
            header = label[int.from_bytes(label[20:24], "little") :]
            areas = list(_areas(header))[:_MAX_AREAS]
            found = (_group(read_at, start, size, area) for area in areas)
            return PhysicalVolume(
                identifier=header[:32].decode("ascii", "replace"),
                groups=tuple(group for group in found if group),
            )
    return None


def _areas(header: bytes) -> Iterator[tuple[int, int]]:
    """The metadata areas of struct pv_header: the second of its lists, each ended by zeros."""
    lists = 0
    for place in range(40, len(header) - 15, 16):
        offset, size = struct.unpack_from("<QQ", header, place)
        if offset == 0:
            lists += 1
        elif lists == 1:
            yield offset, size
        if lists > 1:
            return


def _group(
    read_at: ReadAt, start: int, size: int, area: tuple[int, int]
) -> tuple[str, Section] | None:
    """The group's name and section; None when the area is empty, damaged or not used."""
    offset, length = area
    if offset + length > size or length < 2 * _SECTOR:
        return None
    head = read_at(start + offset, _SECTOR)
    if len(head) < _SECTOR or head[4:20] != _AREA_MAGIC:
        return None
    checksum, *_ = _AREA_HEADER.unpack_from(head)
    place, count, text_checksum, flags = _LOCATION.unpack_from(head, _AREA_HEADER.size)
    if checksum != _crc(head[4:]) or flags & _IGNORED or not 0 < count <= min(length, _MAX_TEXT):
        return None
    text = _ring(read_at, start + offset, length, place, count)
    return _named(text) if _crc(text) == text_checksum else None


def _ring(read_at: ReadAt, start: int, length: int, place: int, count: int) -> bytes:
    """``count`` bytes of the ring buffer that the area is behind its first sector."""
    first = min(count, max(length - place, 0))
    rest = count - first
    return read_at(start + place, first) + (read_at(start + _SECTOR, rest) if rest else b"")


def _named(text: bytes) -> tuple[str, Section] | None:
    try:
        top = parse(text.rstrip(b"\0").decode("utf-8", "replace"))
    except TextError:
        return None
    return next(((name, item) for name, item in top.items() if isinstance(item, dict)), None)


def _crc(data: bytes) -> int:
    """CRC-32 from LVM's own start and without the inversions of zlib's."""
    return zlib.crc32(data, _INITIAL_CRC ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
