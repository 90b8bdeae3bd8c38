"""The metadata of a VHDX file: what the disk is like.

Source: [MS-VHDX] 2.6, "Metadata Region".
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootworthy.disk.sizes import MIB
from bootworthy.disk.vhdx import locator
from bootworthy.disk.vhdx.header import unsupported

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.vhdx.header import Area
    from bootworthy.disk.vhdx.locator import Locator

_TABLE_SIZE = 64 << 10
# Signature, reserved, entries, reserved.
_TABLE = struct.Struct("<8s2xH20x")
# Identifier, offset in the region, length, flags, reserved.
_ENTRY = struct.Struct("<16sIII4x")
_MAX_ENTRIES = 2047
_USER, _REQUIRED = 1, 4
# [MS-VHDX] 2.6.1.2: no item is longer.
_MAX_ITEM = MIB

_PARAMETERS = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
_LOGICAL = uuid.UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
_PHYSICAL = uuid.UUID("cda348c7-445d-4471-9cc9-e9885251c556")
_PAGE_83 = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
_LOCATOR = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")
_KNOWN = frozenset({_PARAMETERS, _SIZE, _LOGICAL, _PHYSICAL, _PAGE_83, _LOCATOR})

_LEAVE_ALLOCATED, _HAS_PARENT = 1, 2
_MAX_BLOCK = 256 * MIB
_SECTOR_SIZES = (512, 4096)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The disk in bytes; ``fixed`` means that blocks are never given back.

    ``parent`` says what a differencing disk lies over.
    """

    size: int
    block_size: int
    sector_size: int
    fixed: bool
    parent: Locator | None = None

    @property
    def chunk_ratio(self) -> int:
        """How many blocks one block of sector bitmaps serves: it has 2^23 bits."""
        return (1 << 23) * self.sector_size // self.block_size

    @property
    def blocks(self) -> int:
        """How many blocks the disk has."""
        return -(-self.size // self.block_size)


def read(file: HostFile, region: Area) -> Metadata:
    """Read and check the metadata in ``region``.

    Raises:
        ImageError: ``image-corrupt``; ``image-format-unsupported`` for an item, or a way to a
            parent, that is not known.
    """
    items = _read_items(file, region)
    block_size, flags = struct.unpack("<II", _item(file, region, items, _PARAMETERS, 8))
    (size,) = struct.unpack("<Q", _item(file, region, items, _SIZE, 8))
    (sector_size,) = struct.unpack("<I", _item(file, region, items, _LOGICAL, 4))
    if block_size & (block_size - 1) or not MIB <= block_size <= _MAX_BLOCK:
        file.corrupt(f"its blocks would have {block_size} bytes")
    if sector_size not in _SECTOR_SIZES:
        file.corrupt(f"its sectors would have {sector_size} bytes")
    if size == 0 or size % sector_size:
        file.corrupt(f"its disk would have {size} bytes in sectors of {sector_size}")
    return Metadata(
        size=size,
        block_size=block_size,
        sector_size=sector_size,
        fixed=bool(flags & _LEAVE_ALLOCATED),
        parent=_parent(file, region, items) if flags & _HAS_PARENT else None,
    )


def _parent(file: HostFile, region: Area, items: dict[uuid.UUID, tuple[int, int]]) -> Locator:
    length = items.get(_LOCATOR, (0, 0))[1]
    if length > _MAX_ITEM:
        file.corrupt(f"its parent locator would have {length} bytes")
    return locator.parse(file, _item(file, region, items, _LOCATOR, max(length, 1)))


def _read_items(file: HostFile, region: Area) -> dict[uuid.UUID, tuple[int, int]]:
    """Offset and length of each item."""
    raw = file.pread_exact(region.offset, _TABLE_SIZE, "metadata table")
    signature, count = _TABLE.unpack_from(raw)
    if signature != b"metadata" or count > _MAX_ENTRIES:
        file.corrupt("its metadata table is none")
    items: dict[uuid.UUID, tuple[int, int]] = {}
    for number in range(count):
        name, offset, length, flags = _ENTRY.unpack_from(raw, _TABLE.size + number * _ENTRY.size)
        item = uuid.UUID(bytes_le=name)
        if flags & _REQUIRED and item not in _KNOWN:
            unsupported(file, f"a VHDX with metadata {item}")
        # A user's item may have the name of a system's.
        if not flags & _USER:
            items[item] = (offset, length)
    return items


def _item(
    file: HostFile,
    region: Area,
    items: dict[uuid.UUID, tuple[int, int]],
    item: uuid.UUID,
    size: int,
) -> bytes:
    offset, length = items.get(item, (0, 0))
    if length < size or offset < _TABLE_SIZE or offset + size > region.length:
        file.corrupt(f"its metadata {item} is missing or out of place")
    return file.pread_exact(region.offset + offset, size, "metadata")
