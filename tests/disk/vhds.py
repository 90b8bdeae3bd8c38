"""Dynamic and differencing VHDs written from the specification, sector by sector.

Virtual Hard Disk Image Format Specification 1.0. qemu-img makes no differencing VHD and reads one
as if it had no parent, so what these hold is described by a plain table of sectors.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

SECTOR = 512
DYNAMIC, DIFFERENCING = 3, 4
BASE_ID = uuid.UUID(int=0xBA5E)

Sectors = Mapping[int, bytes]
Locator = tuple[bytes, bytes]


def relative(path: str) -> Locator:
    """A locator with a path from the child's directory."""
    return b"W2ru", path.encode("utf-16-le")


def absolute(path: str) -> Locator:
    """A locator with a path of the machine that made the chain."""
    return b"W2ku", path.encode("utf-16-le")


def checksum(data: bytes, field_at: int) -> bytes:
    """``data`` with its checksum, the complement of the sum of all its other bytes."""
    total = sum(data) - sum(data[field_at : field_at + 4])
    return data[:field_at] + struct.pack(">I", ~total & 0xFFFF_FFFF) + data[field_at + 4 :]


@dataclass(frozen=True, kw_only=True)
class Vhd:
    """A VHD that grows; ``sectors`` are those it holds, ``size`` is in bytes."""

    size: int
    sectors: Sectors
    block_size: int = 4096
    unique_id: uuid.UUID = BASE_ID
    parent: uuid.UUID | None = None
    parent_time: int = 0
    parent_name: str = ""
    locators: Sequence[Locator] = ()
    bitmap_ones: bool = False
    creator: bytes = b"win "
    created: int = 800_000_000
    fields: Mapping[int, bytes] = field(default_factory=dict)
    """Bytes of the dynamic header, by offset, that are not as the specification wants them."""
    table: Mapping[int, int] = field(default_factory=dict)
    """Entries of the block table that are not as the specification wants them."""

    def over(self, name: str, **changes: object) -> Vhd:
        """A differencing disk over this one, which is called ``name`` and lies beside."""
        child = Vhd(
            size=self.size,
            sectors={},
            block_size=self.block_size,
            unique_id=uuid.UUID(int=self.unique_id.int + 1),
            parent=self.unique_id,
            parent_time=self.created,
            parent_name=name,
            locators=(relative(f".\\{name}"),),
        )
        return replace(child, **changes)  # type: ignore[arg-type]

    def footer(self) -> bytes:
        """The footer, which is at the start and at the end."""
        kind = DYNAMIC if self.parent is None else DIFFERENCING
        raw = struct.pack(
            ">8sIIQI4sI4sQQHBBII16sB427x",
            b"conectix",
            2,
            0x10000,
            512,
            self.created,
            self.creator,
            0xA0000,
            b"Wi2k",
            self.size,
            self.size,
            65535,
            16,
            255,
            kind,
            0,
            self.unique_id.bytes,
            0,
        )
        return checksum(raw, 64)

    def header(self, table_at: int, places: Sequence[int]) -> bytes:
        """The dynamic disk header; ``places`` are those of the parent locators' data."""
        parent = (self.parent or uuid.UUID(int=0)).bytes
        raw = struct.pack(
            ">8sQQIIII16sII512s",
            b"cxsparse",
            0xFFFF_FFFF_FFFF_FFFF,
            table_at,
            0x10000,
            self.blocks,
            self.block_size,
            0,
            parent,
            self.parent_time,
            0,
            self.parent_name.encode("utf-16-be"),
        )
        for (code, data), place in zip(self.locators, places, strict=True):
            raw += struct.pack(">4sIIIQ", code, SECTOR, len(data), 0, place)
        whole = bytearray(raw.ljust(1024, b"\0"))
        for offset, value in self.fields.items():
            whole[offset : offset + len(value)] = value
        return checksum(bytes(whole), 36)

    @property
    def blocks(self) -> int:
        """How many blocks the disk has."""
        return -(-self.size // self.block_size)

    def block(self, number: int) -> bytes:
        """A block's bitmap and its sectors; what the block does not hold is junk in the file."""
        per_block = self.block_size // SECTOR
        bitmap = bytearray(-(-per_block // (8 * SECTOR)) * SECTOR)
        data = bytearray()
        junk = b"\0" if self.parent is None else b"\xee"
        for index in range(per_block):
            sector = self.sectors.get(number * per_block + index)
            if sector is not None or self.bitmap_ones:
                bitmap[index // 8] |= 0x80 >> index % 8
            data += junk * SECTOR if sector is None else sector
        return bytes(bitmap + data)

    def build(self) -> bytes:
        """The whole file."""
        table_size = -(-self.blocks * 4 // SECTOR) * SECTOR
        locators_at = 512 + 1024 + table_size
        places = [locators_at + SECTOR * index for index in range(len(self.locators))]
        body = b"".join(data.ljust(SECTOR, b"\0") for _, data in self.locators)
        data_at = locators_at + len(body)
        entries = [0xFFFF_FFFF] * self.blocks
        per_block = self.block_size // SECTOR
        # Last block first: nothing says that blocks are in order.
        for number in sorted({sector // per_block for sector in self.sectors}, reverse=True):
            entries[number] = (locators_at + len(body)) // SECTOR
            body += self.block(number)
        assert data_at % SECTOR == 0
        for number, entry in self.table.items():
            entries[number] = entry
        table = struct.pack(f">{self.blocks}I", *entries).ljust(table_size, b"\xff")
        return self.footer() + self.header(1536, places) + table + body + self.footer()

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(self.build())
        return path


def disk_of(size: int, *layers: Sectors) -> bytes:
    """The disk that layers make, the lowest first."""
    disk = bytearray(size)
    for layer in layers:
        for number, data in layer.items():
            end = min((number + 1) * SECTOR, size)
            disk[number * SECTOR : end] = data[: end - number * SECTOR]
    return bytes(disk)


def marked(mark: str, *numbers: int) -> dict[int, bytes]:
    """Sectors that say which they are."""
    return {number: f"{mark} {number}\n".encode().ljust(SECTOR, b".") for number in numbers}
