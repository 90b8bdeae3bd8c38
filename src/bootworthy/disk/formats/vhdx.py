"""VHDX, the format of Hyper-V: fixed and dynamic.

Source: [MS-VHDX]. A log that has to be replayed is replayed in memory. Differencing disks are
refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bootworthy.disk.container import Container, Format
from bootworthy.disk.extents import ExtentMap
from bootworthy.disk.vhdx import header, table
from bootworthy.disk.vhdx import metadata as vhdx_metadata
from bootworthy.disk.vhdx import replay as vhdx_replay
from bootworthy.disk.vhdx.replay import ReplayedFile
from bootworthy.model.quantities import plural

if TYPE_CHECKING:
    from bootworthy.disk.extents import Extent
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References
    from bootworthy.disk.vhdx.header import Layout
    from bootworthy.disk.vhdx.metadata import Metadata
    from bootworthy.disk.vhdx.replay import Replay


class Vhdx(Container):
    """A VHDX image."""

    format: ClassVar[str] = "vhdx"

    def __init__(
        self, file: HostFile, layout: Layout, metadata: Metadata, replay: Replay | None
    ) -> None:
        super().__init__(file, metadata.size)
        self.layout = layout
        self.metadata = metadata
        self.replay = replay

    def map_extents(self) -> ExtentMap:
        """The blocks that are there, and those that are zeros."""
        view = _changed(self.file, self.replay)
        rows = table.read(view, self.layout, self.metadata)
        if self.replay is not None:
            rows = self.replay.redirect(rows, self.file.size)
        return ExtentMap(self.virtual_size, rows)

    def decode_unit(self, extent: Extent) -> bytes:
        """The page that the log keeps where ``extent`` says."""
        if self.replay is None:
            return super().decode_unit(extent)
        return self.replay.page(self.file, extent.host)

    @property
    def notes(self) -> tuple[str, ...]:
        """Whether the log was replayed."""
        if self.replay is None:
            return ()
        entries = plural(self.replay.entries, "entry")
        return (f"it was not closed properly: its log of {entries} was replayed in memory",)

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type, block size and sector size, and whether the log was replayed."""
        rows = (
            ("type", "fixed" if self.metadata.fixed else "dynamic"),
            ("block size", str(self.metadata.block_size)),
            ("sector size", str(self.metadata.sector_size)),
        )
        return rows if self.replay is None else (*rows, ("log", "replayed in memory"))


def _changed(file: HostFile, replay: Replay | None) -> HostFile:
    """The file as its log makes it."""
    return file if replay is None else ReplayedFile(file, replay)


def _open(file: HostFile, _references: References) -> Container:
    current = header.read(file)
    replay = vhdx_replay.read(file, current) if current.is_dirty else None
    view = _changed(file, replay)
    layout = header.read_layout(view, current.log)
    return Vhdx(file, layout, vhdx_metadata.read(view, layout.metadata), replay)


def _detect(start: bytes, _tail: bytes, _size: int) -> bool:
    return start.startswith(header.SIGNATURE)


FORMATS = (Format(name=Vhdx.format, rank=230, detect=_detect, open=_open),)
