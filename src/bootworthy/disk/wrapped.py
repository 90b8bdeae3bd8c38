"""A disk image inside another file: mapped where it is, or unpacked."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import ClassVar

import numpy as np

from bootworthy.disk.container import Container
from bootworthy.disk.extents import Extent, ExtentMap, Kind, make_rows, no_rows
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.sparse import data_runs
from bootworthy.model.image import ContainerInfo


class WindowFile(HostFile):
    """``size`` bytes at ``start`` of another file, which need not stay open."""

    def __init__(self, outer: HostFile, start: int, size: int, path: str) -> None:
        fd = os.dup(outer.fd)
        try:
            super().__init__(path, fd)
        except BaseException:
            os.close(fd)
            raise
        self.start: int = start + (outer.start if isinstance(outer, WindowFile) else 0)
        self.size = size

    def _pread_once(self, offset: int, size: int) -> bytes:
        size = min(size, self.size - offset)
        return super()._pread_once(self.start + offset, size) if size > 0 else b""

    def _fill_once(self, view: memoryview, offset: int) -> int:
        view = view[: max(self.size - offset, 0)]
        return super()._fill_once(view, self.start + offset) if len(view) else 0

    def refuse_shrunk(self) -> None:
        """Make sure that the outer file still holds all of the window."""
        if not self.is_device and os.fstat(self.fd).st_size < self.start + self.size:
            self.truncated(self.size, "data")


class Wrapped(Container):
    """The disk in ``inner``, which lies in a part of ``file`` or was unpacked from it.

    ``beside`` says that it is a file of its own, which ``file`` only names.
    """

    format: ClassVar[str] = "packed"

    def __init__(
        self,
        file: HostFile,
        inner: Container,
        packing: str,
        notes: tuple[str, ...] = (),
        *,
        member: str = "",
        beside: bool = False,
    ) -> None:
        super().__init__(file, inner.virtual_size)
        self.packing = packing
        self.inner = inner
        self._owned.callback(inner.close)
        first = inner.files()[0]
        # Only the first file: an image inside another has no further ones.
        self._base = first.start if isinstance(first, WindowFile) else None
        self._notes = notes
        self._member = member
        self._beside = beside

    def map_extents(self) -> ExtentMap:
        """The extents of the image inside, where they are in the file around it."""
        if self._base is None:
            return ExtentMap(self.virtual_size, self.inner.extents().rows)
        if isinstance(self.inner, RawContainer):
            return self._raw_map(self._base)
        rows = self.inner.extents().rows.copy()
        placed = (rows["kind"] == Kind.DATA) | (rows["kind"] == Kind.ENCODED)
        rows["host"] += np.where(placed, self._base, 0)
        return ExtentMap(self.virtual_size, rows)

    def _raw_map(self, base: int) -> ExtentMap:
        runs = list(data_runs(self.file.fd, base, base + self.virtual_size))
        if not runs:
            return ExtentMap(self.virtual_size, no_rows())
        start, end = np.array(runs, np.int64).T
        rows = make_rows(start - base, end - start, Kind.DATA, host=start)
        return ExtentMap(self.virtual_size, rows)

    def files(self) -> tuple[HostFile, ...]:
        """The file itself where the image lies in it, else what it was unpacked to."""
        return self.inner.files() if self._base is None else (self.file,)

    @property
    def other_files(self) -> tuple[HostFile, ...]:
        """The disk beside, with those it names; what something was unpacked to is none of them."""
        return self.inner.files() if self._beside else ()

    def decode_unit(self, extent: Extent) -> bytes:
        """Decode as the image inside does."""
        return self.inner.decode_unit(replace(extent, host=extent.host - (self._base or 0)))

    @property
    def innermost(self) -> Container:
        """The image inside, or what is inside that."""
        return self.inner.innermost

    @property
    def member(self) -> str:
        """The member's name in this archive, or in the one that this is packed around."""
        return self._member or self.inner.member

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing about the packing, then about the image inside."""
        return (*self._notes, *self.inner.notes)

    def info(self) -> ContainerInfo:
        """As of any container, the format being told as "vmdk in OVA"."""
        return replace(super().info(), format=f"{self.inner.info().format} in {self.packing}")

    def details(self) -> tuple[tuple[str, str], ...]:
        """The packing, then what there is to say of the image inside."""
        member = (("member", self._member),) if self._member else ()
        return (("packing", self.packing), *member, *self.inner.details())
