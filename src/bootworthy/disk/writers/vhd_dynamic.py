"""Dynamic VHD, for Hyper-V: only blocks that hold data are in the file. Azure takes none.

Source: Virtual Hard Disk Image Format Specification 1.0, "Dynamic Disk Header Format" and "Block
Allocation Table and Data Blocks": a copy of the footer, the header, the table, the blocks, each
behind a bitmap of its sectors, and the footer. Numbers are big endian.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

import numpy as np

from bootworthy.disk import footer
from bootworthy.disk.copying import write_at
from bootworthy.disk.sizes import GIB, MIB, SECTOR
from bootworthy.disk.writers.writer import Writer

_BLOCK = 2 * MIB
_HEADER_OFFSET = footer.FOOTER_SIZE
_TABLE_OFFSET = 1536
_UNUSED = 0xFFFF_FFFF

# Cookie, data offset (none), table offset, version, blocks, block size, checksum, parent.
_HEADER = struct.Struct(">8sQQIIII16sI4s512s192s256s")
_CHECKSUM_AT = 36
_NO_OFFSET = 0xFFFF_FFFF_FFFF_FFFF
_VERSION_1_0 = 0x0001_0000

# One bit for each sector of a block; all are set: holes of the file read as zeros anyway.
_BITMAP = b"\xff" * (_BLOCK // SECTOR // 8)

# Data begins on pages, its bitmap ends right before: file systems then share it with the source.
_PAGE = 4096
_STRIDE = _BLOCK + _PAGE


class DynamicVhdWriter(Writer):
    """Writes blocks of 2 MiB, in the order of the disk."""

    name: ClassVar[str] = "vhd-dynamic"
    title: ClassVar[str] = "dynamic VHD"
    reads_as: ClassVar[str] = "vhd"

    # Hyper-V's limit for a VHD (and qemu's, block/vpc.c VHD_MAX_SECTORS).
    max_size: ClassVar[int | None] = 2040 * GIB

    unit: ClassVar[int | None] = _BLOCK

    @cached_property
    def _count(self) -> int:
        return -(-self.size // _BLOCK)

    @cached_property
    def _slots(self) -> list[int]:
        """For each block of the disk, which of the blocks in the file it is, or -1."""
        slots = np.full(self._count, -1, np.int64)
        used = self.occupied.units(_BLOCK)
        slots[used] = np.arange(len(used))
        found: list[int] = slots.tolist()
        return found

    @cached_property
    def _first_data(self) -> int:
        """Where the first block's data begins: behind the table and a page for its bitmap."""
        table_end = _TABLE_OFFSET + 4 * self._count
        return -(-table_end // _PAGE) * _PAGE + _PAGE

    @cached_property
    def _end(self) -> int:
        """Where the footer goes."""
        used = max(self._slots, default=-1) + 1
        return self._first_data + used * _STRIDE

    def _data_of(self, slot: int) -> int:
        return self._first_data + slot * _STRIDE

    def lay_out(self, fd: int) -> None:
        """Room for every block and the footer."""
        os.ftruncate(fd, self._end + footer.FOOTER_SIZE)

    def place(self, guest: int, length: int) -> Iterator[tuple[int | None, int]]:
        """Piece by piece, one for each block."""
        while length > 0:
            block, inside = divmod(guest, _BLOCK)
            step = min(length, _BLOCK - inside)
            slot = self._slots[block]
            yield None if slot < 0 else self._data_of(slot) + inside, step
            guest, length = guest + step, length - step

    def seal(self, fd: int) -> None:
        """Write bitmaps, table and header, and the footer last, which makes it a VHD."""
        for slot in self._slots:
            if slot >= 0:
                write_at(fd, _BITMAP, self._data_of(slot) - len(_BITMAP))
        write_at(fd, self._table(), _TABLE_OFFSET)
        write_at(fd, self._header(), _HEADER_OFFSET)
        closing = footer.build(self.size, disk_type=footer.DYNAMIC, data_offset=_HEADER_OFFSET)
        write_at(fd, closing, self._end)
        write_at(fd, closing, 0)

    def _table(self) -> bytes:
        """For each block the sector of its bitmap; filled up to a whole sector."""
        slots = np.array(self._slots, np.int64)
        places = (self._data_of(0) + slots * _STRIDE - len(_BITMAP)) // SECTOR
        entries = np.where(slots < 0, _UNUSED, places).astype(">u4").tobytes()
        return entries + b"\xff" * (-len(entries) % SECTOR)

    def _header(self) -> bytes:
        header = bytearray(
            _HEADER.pack(
                b"cxsparse",
                _NO_OFFSET,
                _TABLE_OFFSET,
                _VERSION_1_0,
                self._count,
                _BLOCK,
                0,
                bytes(16),
                0,
                bytes(4),
                bytes(512),
                bytes(192),
                bytes(256),
            )
        )
        struct.pack_into(">I", header, _CHECKSUM_AT, ~sum(header) & 0xFFFF_FFFF)
        return bytes(header)
