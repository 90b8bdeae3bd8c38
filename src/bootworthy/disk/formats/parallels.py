"""Parallels expandable images, old and new.

Source: QEMU, docs/interop/parallels.txt. A plain image is a raw disk. The snapshots of a bundle
are described beside it, in DiskDescriptor.xml, which is not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootworthy.disk.blocks import BlockTable
from bootworthy.disk.container import Container, Format
from bootworthy.disk.extents import ExtentMap, Ints, Kind, Rows, make_rows
from bootworthy.disk.sizes import MIB, SECTOR
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

# Entries of the first count sectors, those of the second count clusters.
_OLD, _NEW = b"WithoutFreeSpace", b"WithouFreSpacExt"
_HEADER = struct.Struct("<16sI8xIIQI12x")
_TABLE = 64
_VERSION = 2
_IN_USE = 0x746F_6E59
_MAX_CLUSTER = 64 * MIB


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the header says in bytes; ``unit`` is what entries count in."""

    size: int
    cluster_size: int
    unit: int
    blocks: int
    in_use: bool


class Parallels(Container):
    """A Parallels image."""

    format: ClassVar[str] = "parallels"

    def __init__(self, file: HostFile, header: Header) -> None:
        super().__init__(file, header.size)
        self.header = header

    def map_extents(self) -> ExtentMap:
        """The clusters that are there."""
        blocks = -(-self.header.size // self.header.cluster_size)
        table = BlockTable(file=self.file, offset=_TABLE, blocks=blocks)
        return ExtentMap(self.virtual_size, table.read(self._rows, self.virtual_size))

    def _rows(self, index: Ints, entries: Ints) -> Rows:
        size = self.header.cluster_size
        index, host = index[entries != 0], entries[entries != 0] * self.header.unit
        if len(host) and int(host.min()) < _TABLE + self.header.blocks * 4:
            self.file.corrupt("a cluster lies over its table")
        return make_rows(index * size, size, Kind.DATA, host=host)

    @property
    def notes(self) -> tuple[str, ...]:
        """Whether it was left open."""
        text = "the image was not closed properly; it is read as it was left"
        return (text,) if self.header.in_use else ()

    def details(self) -> tuple[tuple[str, str], ...]:
        """The cluster size."""
        return (("cluster size", str(self.header.cluster_size)),)


def _open(file: HostFile, _references: References) -> Container:
    raw = file.pread_exact(0, _HEADER.size, "header")
    magic, version, tracks, blocks, sectors, in_use = _HEADER.unpack(raw)
    if magic not in (_OLD, _NEW):
        file.corrupt("it does not begin as a Parallels image")
    if version != _VERSION:
        raise ImageError(
            "image-format-unsupported",
            f"{file.path} is a Parallels image of version {version}, not read",
            hint="convert it first: prl_disk_tool or qemu-img convert -O qcow2 IMAGE OUT.qcow2",
        )
    header = Header(
        size=(sectors & 0xFFFF_FFFF if magic == _OLD else sectors) * SECTOR,
        cluster_size=tracks * SECTOR,
        unit=SECTOR if magic == _OLD else tracks * SECTOR,
        blocks=blocks,
        in_use=in_use == _IN_USE,
    )
    _check(file, header)
    return Parallels(file, header)


def _check(file: HostFile, header: Header) -> None:
    if not SECTOR <= header.cluster_size <= _MAX_CLUSTER:
        file.corrupt(f"its clusters would have {header.cluster_size} bytes")
    if not 0 < header.size <= header.blocks * header.cluster_size:
        file.corrupt(f"its {header.blocks} clusters cannot hold a disk of {header.size} bytes")


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return header.startswith((_OLD, _NEW))


FORMATS = (Format(name=Parallels.format, rank=220, detect=_detect, open=_open),)
