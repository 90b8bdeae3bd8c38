"""VHDX, the format of Hyper-V: fixed, dynamic and differencing.

Source: [MS-VHDX]. A log that has to be replayed is replayed in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bootworthy.disk import parents
from bootworthy.disk.layers import LayeredContainer
from bootworthy.disk.vhdx import header, table
from bootworthy.disk.vhdx import metadata as vhdx_metadata
from bootworthy.disk.vhdx import replay as vhdx_replay
from bootworthy.disk.vhdx.replay import ReplayedFile
from bootworthy.model.quantities import plural

if TYPE_CHECKING:
    import uuid

    from bootworthy.disk.extents import Extent, Rows
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References
    from bootworthy.disk.vhdx.header import Layout
    from bootworthy.disk.vhdx.locator import Locator
    from bootworthy.disk.vhdx.metadata import Metadata
    from bootworthy.disk.vhdx.replay import Replay


class Vhdx(LayeredContainer):
    """A VHDX image, over its ``parent`` where it is a differencing disk.

    ``data_id`` is what its children know it by. ``replay`` is what its log changes.
    """

    format: ClassVar[str] = "vhdx"

    def __init__(
        self,
        file: HostFile,
        data_id: uuid.UUID,
        layout: Layout,
        metadata: Metadata,
        *,
        parent: Vhdx | None = None,
        replay: Replay | None = None,
    ) -> None:
        super().__init__(file, metadata.size, parent)
        self.data_id = data_id
        self.layout = layout
        self.metadata = metadata
        self.replay = replay

    def own_rows(self) -> Rows:
        """The blocks and sectors that are there, and those that are zeros."""
        rows = table.read(_changed(self.file, self.replay), self.layout, self.metadata)
        return rows if self.replay is None else self.replay.redirect(rows, self.file.size)

    def decode_own(self, extent: Extent) -> bytes:
        """The page that the log keeps where ``extent`` says."""
        if self.replay is None:
            return super().decode_own(extent)
        return self.replay.page(self.file, extent.host)

    def own_notes(self) -> tuple[str, ...]:
        """Whether the log was replayed."""
        if self.replay is None:
            return ()
        entries = plural(self.replay.entries, "entry")
        name = Path(self.path).name
        return (f"{name} was not closed properly: its log of {entries} was replayed in memory",)

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type, block size and sector size, whether the log was replayed, and the parents."""
        replayed = () if self.replay is None else (("log", "replayed in memory"),)
        return (
            ("type", self._type()),
            ("block size", str(self.metadata.block_size)),
            ("sector size", str(self.metadata.sector_size)),
            *replayed,
            *self.lineage(),
        )

    def _type(self) -> str:
        if self.parent is not None:
            return "differencing"
        return "fixed" if self.metadata.fixed else "dynamic"


def _changed(file: HostFile, replay: Replay | None) -> HostFile:
    """The file as its log makes it."""
    return file if replay is None else ReplayedFile(file, replay)


def open_vhdx(file: HostFile, references: References) -> Vhdx:
    """The image in ``file``, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged, encrypted or not read, or refers to other files.
    """
    current = header.read(file)
    replay = vhdx_replay.read(file, current) if current.is_dirty else None
    view = _changed(file, replay)
    layout = header.read_layout(view, current.log)
    metadata = vhdx_metadata.read(view, layout.metadata)
    parent = _open_parent(file, references, metadata.parent) if metadata.parent else None
    try:
        if parent is not None and parent.metadata.sector_size != metadata.sector_size:
            file.corrupt("its sectors are of another size than those of its parent")
        return Vhdx(file, current.data_id, layout, metadata, parent=parent, replay=replay)
    except BaseException:
        if parent is not None:
            parent.close()
        raise


def _open_parent(file: HostFile, references: References, locator: Locator) -> Vhdx:
    parent = parents.open_parent(file, references, locator.names, Vhdx.format)
    try:
        if not isinstance(parent, Vhdx):
            parent.file.corrupt("it is no VHDX, but the parent of one")
        if parent.data_id not in locator.ids:
            parents.refuse_other(file, parent, str(locator.ids[0]), str(parent.data_id))
    except BaseException:
        parent.close()
        raise
    return parent
