"""VHDX files written from the specification, sector by sector, and logs for them.

[MS-VHDX]. qemu-img makes no dirty log and no differencing VHDX, so what these hold is described by
a plain table of sectors.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import google_crc32c

MIB = 1 << 20
PAGE = 4096

BASE_ID = uuid.UUID(int=0xBA5E)
LOG_ID = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
NO_ID = uuid.UUID(int=0)

LOG_AT = MIB
NOT_PRESENT, UNDEFINED, ZERO, UNMAPPED, FULL, PARTIAL = 0, 1, 2, 3, 6, 7

_BAT = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
_PARAMETERS = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
_PAGE_83 = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
_LOGICAL = uuid.UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
_PHYSICAL = uuid.UUID("cda348c7-445d-4471-9cc9-e9885251c556")
_LOCATOR = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")
LOCATOR_TYPE = uuid.UUID("b04aefb7-d19e-4a81-b789-25b8e9445913")

Sectors = Mapping[int, bytes]
Change = tuple[int, bytes | int]
"""Where in the file, and a page of data or a length of zeros."""


def sealed(data: bytes) -> bytes:
    """``data`` with its CRC-32C at byte 4."""
    plain = data[:4] + bytes(4) + data[8:]
    return data[:4] + struct.pack("<I", google_crc32c.value(plain)) + data[8:]


@dataclass(frozen=True, kw_only=True)
class Vhdx:
    """A VHDX that grows; ``sectors`` are those it holds, ``size`` is in bytes."""

    size: int
    sectors: Sectors
    block_size: int = MIB
    sector_size: int = 512
    data_id: uuid.UUID = BASE_ID
    locator: Mapping[str, str] | None = None
    locator_type: uuid.UUID = LOCATOR_TYPE
    states: Mapping[int, int] = field(default_factory=dict)
    """States of blocks that are not as their sectors would have them."""
    log_size: int = MIB
    moved: int = 0
    """How many bytes further behind the block table lies than it needs to."""

    def over(self, path: str, **changes: object) -> Vhdx:
        """A differencing disk over this one, which is called ``path`` from where the child is."""
        child = replace(
            self,
            sectors={},
            data_id=uuid.UUID(int=self.data_id.int + 1),
            locator={"parent_linkage": f"{{{self.data_id}}}", "relative_path": path},
        )
        return replace(child, **changes)  # type: ignore[arg-type]

    @property
    def blocks(self) -> int:
        """How many blocks the disk has."""
        return -(-self.size // self.block_size)

    @property
    def per_block(self) -> int:
        """How many sectors a block has."""
        return self.block_size // self.sector_size

    @property
    def chunk(self) -> int:
        """How many blocks share a block of sector bitmaps."""
        return (1 << 23) // self.per_block

    def header(self, sequence: int, log_id: uuid.UUID) -> bytes:
        """One of the two headers."""
        ids = uuid.UUID(int=1).bytes_le + self.data_id.bytes_le + log_id.bytes_le
        raw = struct.pack("<4sIQ48sHHIQ", b"head", 0, sequence, ids, 0, 1, self.log_size, LOG_AT)
        return sealed(raw.ljust(PAGE, b"\0"))

    def regions(self, table_at: int) -> bytes:
        """One of the two region tables."""
        raw = struct.pack("<4sII4x", b"regi", 0, 2)
        raw += struct.pack("<16sQII", _BAT.bytes_le, table_at, MIB, 1)
        raw += struct.pack("<16sQII", _METADATA.bytes_le, LOG_AT + self.log_size, MIB, 1)
        return sealed(raw.ljust(64 << 10, b"\0"))

    def metadata(self) -> bytes:
        """The metadata region."""
        items = {
            _PARAMETERS: struct.pack("<II", self.block_size, 2 if self.locator is not None else 0),
            _SIZE: struct.pack("<Q", self.size),
            _PAGE_83: self.data_id.bytes_le,
            _LOGICAL: struct.pack("<I", self.sector_size),
            _PHYSICAL: struct.pack("<I", 4096),
        }
        if self.locator is not None:
            items[_LOCATOR] = self.locator_item()
        table, body = b"", b""
        for name, data in items.items():
            flags = 4 if name in (_PARAMETERS, _LOCATOR) else 6
            at = (64 << 10) + len(body)
            table += struct.pack("<16sIII4x", name.bytes_le, at, len(data), flags)
            body += data
        head = struct.pack("<8s2xH20x", b"metadata", len(items)) + table
        return (head.ljust(64 << 10, b"\0") + body).ljust(MIB, b"\0")

    def locator_item(self) -> bytes:
        """Where the parent is: keys and values, whose offsets count from the item's start."""
        pairs = list((self.locator or {}).items())
        table = self.locator_type.bytes_le + struct.pack("<2xH", len(pairs))
        body = b""
        start = 20 + 12 * len(pairs)
        for pair in pairs:
            key, value = (text.encode("utf-16-le") for text in pair)
            at = start + len(body)
            table += struct.pack("<IIHH", at, at + len(key), len(key), len(value))
            body += key + value
        return table + body

    def block(self, number: int) -> Iterator[tuple[int, bytes]]:
        """A block's sectors, with junk between them where that shows nowhere."""
        if self.locator is not None:
            yield 0, b"\xee" * min(self.block_size, MIB)
        for sector in self.held.get(number, ()):
            yield sector % self.per_block * self.sector_size, self.sectors[sector]

    def bitmap(self, chunk: int) -> bytes:
        """The bits of a chunk's sectors, the lowest first."""
        bits = bytearray(MIB)
        for sector in self.sectors:
            place = sector - chunk * (1 << 23)
            if 0 <= place < 1 << 23:
                bits[place // 8] |= 1 << place % 8
        return bytes(bits)

    @cached_property
    def held(self) -> dict[int, list[int]]:
        """The sectors that are there of each block."""
        blocks: dict[int, list[int]] = {}
        for sector in self.sectors:
            blocks.setdefault(sector // self.per_block, []).append(sector)
        return blocks

    def state_of(self, number: int) -> int:
        """The state of a block by the sectors it holds, unless it is given."""
        if number in self.states:
            return self.states[number]
        held = len(self.held.get(number, ()))
        if held == 0:
            return NOT_PRESENT
        return FULL if self.locator is None or held == self.per_block else PARTIAL

    def pieces(self, log_id: uuid.UUID) -> Iterator[tuple[int, bytes]]:
        """All that is not zeros, by its place in the file; the last reaches to the end."""
        table_at = LOG_AT + self.log_size + MIB + self.moved
        place = table_at + MIB
        yield 0, b"vhdxfile"
        yield 64 << 10, self.header(7, NO_ID)
        yield 128 << 10, self.header(8, log_id)
        yield 192 << 10, self.regions(table_at)
        yield 256 << 10, self.regions(table_at)
        yield LOG_AT + self.log_size, self.metadata()
        chunks = -(-self.blocks // self.chunk)
        table = [0] * (chunks * (self.chunk + 1))
        # Last block first: nothing says that blocks are in order.
        for number in reversed(range(self.blocks)):
            state = self.state_of(number)
            there = state in (FULL, PARTIAL)
            table[number + number // self.chunk] = (place if there else 0) | state
            if there:
                yield from ((place + at, data) for at, data in self.block(number))
                place += self.block_size
        partly = {n // self.chunk for n in range(self.blocks) if self.state_of(n) == PARTIAL}
        for chunk in sorted(partly):
            table[chunk * (self.chunk + 1) + self.chunk] = place | FULL
            yield place, self.bitmap(chunk)
            place += MIB
        yield table_at, struct.pack(f"<{len(table)}Q", *table)[:MIB]
        yield place, b""

    def build(self, log_id: uuid.UUID = NO_ID) -> bytes:
        """The whole file."""
        pieces = list(self.pieces(log_id))
        whole = bytearray(pieces[-1][0])
        for at, data in pieces:
            whole[at : at + len(data)] = data
        return bytes(whole)

    def write(self, path: Path) -> Path:
        """Write the file, with holes: most of a VHDX is zeros."""
        with path.open("wb") as file:
            for at, data in self.pieces(NO_ID):
                file.seek(at)
                file.write(data)
            file.truncate()
        return path


def write_sparsely(path: Path, data: bytes) -> Path:
    """Write a file that has holes where ``data`` has zeros."""
    with path.open("wb") as file:
        file.truncate(len(data))
        for start in range(0, len(data), 16 * PAGE):
            piece = data[start : start + 16 * PAGE]
            if any(piece):
                file.seek(start)
                file.write(piece)
    return path


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of a log; ``tail`` is in sectors of 4 KiB."""

    sequence: int
    changes: Sequence[Change] = ()
    tail: int = 0
    log_id: uuid.UUID = LOG_ID
    flushed: int = 0
    last: int = 0
    data_sequence: int | None = None
    """The number in the sectors of data, where it is not the entry's."""
    fields: Mapping[int, bytes] = field(default_factory=dict)
    """Bytes of the entry, by offset, that are not as the specification wants them."""

    def build(self) -> bytes:
        """The entry, in whole sectors."""
        described = -(-(64 + 32 * len(self.changes)) // PAGE) * PAGE
        sectors = b"".join(self.data(page) for _, page in self.changes if isinstance(page, bytes))
        head = struct.pack(
            "<4sIIIQI4x16sQQ",
            b"loge",
            0,
            described + len(sectors),
            self.tail * PAGE,
            self.sequence,
            len(self.changes),
            self.log_id.bytes_le,
            self.flushed,
            self.last,
        )
        head += b"".join(self.descriptor(*change) for change in self.changes)
        whole = bytearray(head.ljust(described, b"\0") + sectors)
        for offset, value in self.fields.items():
            whole[offset : offset + len(value)] = value
        return sealed(bytes(whole))

    def descriptor(self, offset: int, page: bytes | int) -> bytes:
        """What changes where."""
        if isinstance(page, int):
            return struct.pack("<4s4xQQQ", b"zero", page, offset, self.sequence)
        return struct.pack("<4s4s8sQQ", b"desc", page[-4:], page[:8], offset, self.sequence)

    def data(self, page: bytes) -> bytes:
        """A sector of data, which has the number where the page has its edges."""
        number = self.sequence if self.data_sequence is None else self.data_sequence
        high, low = struct.pack("<I", number >> 32), struct.pack("<I", number & 0xFFFF_FFFF)
        return b"data" + high + page[8:-4] + low


def ring(*placed: tuple[int, bytes], size: int = MIB) -> bytes:
    """A log with entries at sectors of it; what reaches over its end goes on at its start."""
    log = bytearray(size)
    for sector, data in placed:
        for start in range(0, len(data), PAGE):
            at = (sector * PAGE + start) % size
            log[at : at + PAGE] = data[start : start + PAGE]
    return bytes(log)


def changes(before: bytes, after: bytes) -> list[Change]:
    """The pages that make one file of another, but for its headers and log."""
    before = before.ljust(len(after), b"\0")
    places = (*range(192 << 10, LOG_AT, PAGE), *range(LOG_AT + MIB, len(after), PAGE))
    return [
        (at, after[at : at + PAGE])
        for at in places
        if before[at : at + PAGE] != after[at : at + PAGE]
    ]


def dirty(vhdx: Vhdx, log: bytes, *, length: int | None = None) -> bytes:
    """A file whose log has to be replayed; as long as ``length`` says, or as it is."""
    whole = vhdx.build(LOG_ID)
    whole = whole[:LOG_AT] + log + whole[LOG_AT + len(log) :]
    return whole if length is None else whole[:length].ljust(length, b"\0")


def disk_of(size: int, *layers: Sectors, sector_size: int = 512) -> bytes:
    """The disk that layers make, the lowest first."""
    disk = bytearray(size)
    for layer in layers:
        for number, data in layer.items():
            end = min((number + 1) * sector_size, size)
            disk[number * sector_size : end] = data[: end - number * sector_size]
    return bytes(disk)


def marked(mark: str, numbers: Iterable[int], sector_size: int = 512) -> dict[int, bytes]:
    """Sectors that say which they are."""
    return {at: f"{mark} {at}\n".encode().ljust(sector_size, b".") for at in numbers}
