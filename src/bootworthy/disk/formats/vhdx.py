"""VHDX, the format of Hyper-V: fixed and dynamic.

Source: [MS-VHDX]. Differencing disks, and disks whose log has to be replayed, are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bootworthy.disk.container import Container, Format
from bootworthy.disk.extents import ExtentMap
from bootworthy.disk.vhdx import header, table
from bootworthy.disk.vhdx import metadata as vhdx_metadata

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References
    from bootworthy.disk.vhdx.header import Layout
    from bootworthy.disk.vhdx.metadata import Metadata


class Vhdx(Container):
    """A VHDX image."""

    format: ClassVar[str] = "vhdx"

    def __init__(self, file: HostFile, layout: Layout, metadata: Metadata) -> None:
        super().__init__(file, metadata.size)
        self.layout = layout
        self.metadata = metadata

    def map_extents(self) -> ExtentMap:
        """The blocks that are there, and those that are zeros."""
        return ExtentMap(self.virtual_size, table.read(self.file, self.layout, self.metadata))

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type, block size and sector size."""
        return (
            ("type", "fixed" if self.metadata.fixed else "dynamic"),
            ("block size", str(self.metadata.block_size)),
            ("sector size", str(self.metadata.sector_size)),
        )


def _open(file: HostFile, _references: References) -> Container:
    layout = header.read(file)
    return Vhdx(file, layout, vhdx_metadata.read(file, layout.metadata))


def _detect(start: bytes, _tail: bytes, _size: int) -> bool:
    return start.startswith(header.SIGNATURE)


FORMATS = (Format(name=Vhdx.format, rank=230, detect=_detect, open=_open),)
