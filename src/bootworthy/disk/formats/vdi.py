"""VDI, VirtualBox's format: dynamic and fixed; differencing images are refused.

Source: VirtualBox, VDICore.h and VDI.cpp: VDIHEADER1PLUS and the block array.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn

from bootworthy.disk.blocks import BlockTable
from bootworthy.disk.container import Container, Format
from bootworthy.disk.extents import ExtentMap, Ints, Kind, Rows, in_order, make_rows
from bootworthy.disk.sizes import MIB, SECTOR
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

# Behind 64 bytes of text: signature, version, size of the header, type.
_MAGIC = b"\x7f\x10\xda\xbe"
_START = struct.Struct("<4sIII")
_START_AT = 0x40
# Offsets of blocks and data, geometry of three words, sector size, unused, size of the disk,
# block size, extra bytes before each block, blocks, blocks allocated.
_REST = struct.Struct("<II12xI4xQIIII")
_REST_AT = 0x154
# uuidLinkage: the parent of a differencing image, zeros in others.
_PARENT_AT = 0x1A8
_HEADER = 0x200

_VERSION = 0x0001_0001
_DYNAMIC, _FIXED, _UNDO, _DIFFERENCING = 1, 2, 3, 4
_TYPES = {_DYNAMIC: "dynamic", _FIXED: "fixed"}

# VirtualBox writes blocks of 1 MiB.
_MAX_BLOCK = 64 * MIB

_UNALLOCATED = 0xFFFF_FFFF
_DISCARDED = 0xFFFF_FFFE


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the header says; sizes and offsets are bytes, ``extra`` those before each block."""

    kind: int
    table: int
    data: int
    size: int
    block_size: int
    extra: int
    blocks: int


class Vdi(Container):
    """A VDI image."""

    format: ClassVar[str] = "vdi"

    def __init__(self, file: HostFile, header: Header) -> None:
        # VBoxManage makes disks of odd sizes; a disk has whole sectors, in qemu too.
        super().__init__(file, -(-header.size // SECTOR) * SECTOR)
        self.header = header

    def map_extents(self) -> ExtentMap:
        """The blocks that are there, and those that were discarded."""
        table = BlockTable(
            file=self.file,
            offset=self.header.table,
            blocks=-(-self.header.size // self.header.block_size),
        )
        return ExtentMap(self.virtual_size, table.read(self._rows, self.virtual_size))

    def _rows(self, index: Ints, entries: Ints) -> Rows:
        header = self.header
        stored, discarded = entries < _DISCARDED, entries == _DISCARDED
        if len(entries[stored]) and int(entries[stored].max()) >= header.blocks:
            self.file.corrupt("a block lies behind the last one")
        stride = header.block_size + header.extra
        host = header.data + entries[stored] * stride + header.extra
        size = header.block_size
        return in_order(
            make_rows(index[stored] * size, size, Kind.DATA, host=host),
            make_rows(index[discarded] * size, size, Kind.ZERO),
        )

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type and block size."""
        return (("type", _TYPES[self.header.kind]), ("block size", str(self.header.block_size)))


def _open(file: HostFile, _references: References) -> Container:
    return Vdi(file, _parse(file))


def _parse(file: HostFile) -> Header:
    raw = file.pread_exact(0, _HEADER, "header")
    magic, version, _size, kind = _START.unpack_from(raw, _START_AT)
    if magic != _MAGIC:
        file.corrupt("it does not begin as a VDI image")
    if version != _VERSION:
        _unsupported(file, f"a VDI of version {version >> 16}.{version & 0xFFFF}")
    table, data, sector, size, block_size, extra, blocks, _ = _REST.unpack_from(raw, _REST_AT)
    has_parent = any(raw[_PARENT_AT : _PARENT_AT + 16])
    if kind in (_UNDO, _DIFFERENCING) or has_parent:
        _unsupported(file, "a differencing VDI, which is nothing without its parent")
    if kind not in _TYPES:
        file.corrupt(f"its header names image type {kind}")
    if sector not in (0, SECTOR):
        _unsupported(file, f"a VDI with sectors of {sector} bytes")
    header = Header(
        kind=kind,
        table=table,
        data=data,
        size=size,
        block_size=block_size,
        extra=extra,
        blocks=blocks,
    )
    _check(file, header)
    return header


def _check(file: HostFile, header: Header) -> None:
    block = header.block_size
    if block & (block - 1) or not SECTOR <= block <= _MAX_BLOCK:
        file.corrupt(f"its blocks would have {block} bytes")
    if header.table % SECTOR or header.data % SECTOR or header.extra % SECTOR:
        file.corrupt("its blocks are not aligned to sectors")
    if header.table < _HEADER or header.data < header.table:
        file.corrupt("its block table lies in its header or behind its data")
    if header.size == 0 or header.size > header.blocks * block:
        file.corrupt(f"its {header.blocks} blocks cannot hold a disk of {header.size} bytes")
    if header.extra > _MAX_BLOCK:
        file.corrupt(f"its blocks would have {header.extra} extra bytes")


def _unsupported(file: HostFile, what: str) -> NoReturn:
    raise ImageError(
        "image-format-unsupported",
        f"{file.path} is {what}, not read",
        hint="clone it into one file: VBoxManage clonemedium DISK.vdi OUT.vdi",
    )


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return header.startswith(_MAGIC, _START_AT)


FORMATS = (Format(name=Vdi.format, rank=210, detect=_detect, open=_open),)
