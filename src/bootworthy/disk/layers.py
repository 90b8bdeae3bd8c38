"""Disks that lie over a parent: what the child does not hold shows through from below."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from bootworthy.disk.container import Container
from bootworthy.disk.extents import Extent, ExtentMap, Rows
from bootworthy.disk.hostfile import HostFile


class LayeredContainer(Container):
    """A disk in one file, over ``parent`` where there is one; the parent is closed with it."""

    def __init__(self, file: HostFile, virtual_size: int, parent: Container | None) -> None:
        super().__init__(file, virtual_size)
        self.parent = parent
        if parent is not None:
            self._owned.callback(parent.close)

    @abstractmethod
    def own_rows(self) -> Rows:
        """The extents in the container's own file.

        Raises:
            ImageError: the tables are damaged, or the file ends before what they point to.
        """

    def decode_own(self, extent: Extent) -> bytes:
        """What an ENCODED extent of the container's own file decodes to."""
        return super().decode_unit(extent)

    def map_extents(self) -> ExtentMap:
        """The container's own extents, over those of its parent."""
        own = ExtentMap(self.virtual_size, self.own_rows())
        return own if self.parent is None else own.over(self.parent.extents(), files=1)

    @property
    def below(self) -> Container | None:
        """The parent."""
        return self.parent

    def files(self) -> tuple[HostFile, ...]:
        """The container's file, then those of its parent."""
        return (self.file, *(self.parent.files() if self.parent else ()))

    def decode_unit(self, extent: Extent) -> bytes:
        """Decode what this container, or the parent it lies over, has encoded."""
        if extent.file > 0 and self.parent is not None:
            return self.parent.decode_unit(replace(extent, file=extent.file - 1))
        return self.decode_own(extent)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how this container and its parents were read."""
        return (*self.own_notes(), *(self.parent.notes if self.parent else ()))

    def own_notes(self) -> tuple[str, ...]:
        """What a person should know about how the container's own file was read."""
        return ()
