"""VMDK: sparse, stream-optimised, flat and split disks, and snapshots over them.

Source: VMware, Virtual Disk Format 5.0.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bootworthy.disk.container import Container, open_file
from bootworthy.disk.extents import Extent, ExtentMap, Kind, Rows, make_rows, no_rows
from bootworthy.disk.formats.vmdk import is_descriptor
from bootworthy.disk.placement import refuse_beyond, refuse_shared
from bootworthy.disk.vmdk import descriptor as text
from bootworthy.disk.vmdk import header as sparse
from bootworthy.disk.vmdk import tables
from bootworthy.disk.vmdk.header import SparseHeader
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References
    from bootworthy.disk.vmdk.descriptor import DescribedExtent, Descriptor

# Extents number their files with 16 bits.
_MAX_FILES = 30_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """``size`` bytes of the disk at ``start``, in the file of this number.

    With a ``header`` the file is sparse. Without one the bytes lie there from ``offset`` on, or
    are zeros where there is no file.
    """

    start: int
    size: int
    number: int | None
    offset: int = 0
    header: SparseHeader | None = None


class Vmdk(Container):
    """A VMDK, the files its parts are in, and the disk it is a snapshot of."""

    format: ClassVar[str] = "vmdk"

    def __init__(
        self,
        parts: tuple[Part, ...],
        files: tuple[HostFile, ...],
        descriptor: Descriptor | None,
        parent: Container | None,
    ) -> None:
        super().__init__(files[0], sum(part.size for part in parts))
        self.parts = parts
        self.descriptor = descriptor
        self.parent = parent
        self._files = files
        self._spare_used = False
        for resource in (*files[1:], parent):
            if resource is not None:
                self._owned.callback(resource.close)

    def map_extents(self) -> ExtentMap:
        """The grains and flat parts of the image itself, over the disk it is a snapshot of."""
        rows = np.concatenate([no_rows(), *(self._part_rows(part) for part in self.parts)])
        refuse_shared(self.file, rows)
        own = ExtentMap(self.virtual_size, rows)
        return own.over(self.parent.extents(), files=len(self._files)) if self.parent else own

    def _part_rows(self, part: Part) -> Rows:
        if part.number is None:
            return make_rows(part.start, part.size, Kind.ZERO)
        if part.header is None:
            rows = make_rows(0, part.size, Kind.DATA, host=part.offset)
            refuse_beyond(self._files[part.number], rows, "flat extent")
        else:
            rows, spare = tables.read(self._files[part.number], part.header, part.size)
            self._spare_used |= spare
        rows["guest"] += part.start
        rows["file"] = np.where(rows["kind"] == Kind.ZERO, 0, part.number)
        return rows

    def files(self) -> tuple[HostFile, ...]:
        """The file opened and those of its parts, then those of the parent."""
        return (*self._files, *(self.parent.files() if self.parent else ()))

    def decode_unit(self, extent: Extent) -> bytes:
        """Decompress a whole grain."""
        if extent.file >= len(self._files) and self.parent is not None:
            return self.parent.decode_unit(replace(extent, file=extent.file - len(self._files)))
        start = extent.guest - extent.skip
        for part in self.parts:
            if part.header and part.number == extent.file and part.start <= start < _end(part):
                file = self._files[extent.file]
                return tables.decode_grain(file, part.header, extent, start - part.start)
        return super().decode_unit(extent)

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading went around or had to guess."""
        notes = []
        self.extents()
        if self._spare_used:
            notes.append("the grain directory is damaged; its redundant copy was read")
        if self.descriptor is None:
            notes.append("there is no descriptor: this may be one part of a larger disk")
        if any(part.header and part.header.unclean for part in self.parts):
            notes.append("the image was not closed properly; it is read as it was left")
        return (*notes, *(self.parent.notes if self.parent else ()))

    def details(self) -> tuple[tuple[str, str], ...]:
        """Type, the files it is made of, and the disks it is a snapshot of."""
        rows = [("type", self.descriptor.create_type)] if self.descriptor else []
        if len(self._files) > 1:
            rows.append(("part files", str(len(self._files) - 1)))
        return (*rows, *self.lineage())

    @property
    def below(self) -> Container | None:
        """The disk that this is a snapshot of."""
        return self.parent


def _end(part: Part) -> int:
    return part.start + part.size


def open_vmdk(file: HostFile, references: References) -> Container:
    """The image in ``file``, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged, encrypted or not read, or refers to other files.
    """
    if is_descriptor(file.pread(0, 512)):
        return _open_described(file, references)
    header = sparse.parse(file)
    descriptor = _embedded(file, header)
    if descriptor is not None and len(descriptor.extents) != 1:
        file.corrupt(f"its descriptor has {len(descriptor.extents)} extents instead of one")
    part = Part(start=0, size=header.capacity, number=0, header=header)
    return _layered((part,), (file,), descriptor, references)


def _embedded(file: HostFile, header: SparseHeader) -> Descriptor | None:
    if not header.descriptor or not header.descriptor_size:
        return None
    return text.read(file, header.descriptor, header.descriptor_size)


def _open_described(file: HostFile, references: References) -> Container:
    descriptor = text.read(file, 0, file.size)
    if not descriptor.extents:
        file.corrupt("its descriptor has no extents")
    with ExitStack() as stack:
        opened = _PartFiles(file, references, stack)
        parts = opened.parts(descriptor.extents)
        container = _layered(parts, tuple(opened.files), descriptor, references)
        stack.pop_all()
    return container


class _PartFiles:
    """The files of a disk's parts, each opened once; number 0 is the descriptor itself."""

    def __init__(self, file: HostFile, references: References, stack: ExitStack) -> None:
        self.files = [file]
        self._references = references
        self._stack = stack

    def parts(self, extents: tuple[DescribedExtent, ...]) -> tuple[Part, ...]:
        parts: list[Part] = []
        start = 0
        for extent in extents:
            parts.append(self._part(extent, start))
            start += extent.size
        return tuple(parts)

    def _part(self, extent: DescribedExtent, start: int) -> Part:
        if not extent.name or extent.kind == b"ZERO":
            return Part(start=start, size=extent.size, number=None)
        number = self._opened(extent.name)
        file = self.files[number]
        if not extent.is_sparse:
            return Part(start=start, size=extent.size, number=number, offset=extent.offset)
        header = sparse.parse(file)
        if header.capacity < extent.size:
            file.corrupt(f"it holds {header.capacity} bytes of disk instead of {extent.size}")
        return Part(start=start, size=extent.size, number=number, header=header)

    def _opened(self, name: bytes) -> int:
        file = self._references.open(name, "part of the disk")[0]
        for number, other in enumerate(self.files):
            if other.identity == file.identity:
                file.close()
                return number
        self._stack.callback(file.close)
        self.files.append(file)
        return len(self.files) - 1


def _layered(
    parts: tuple[Part, ...],
    files: tuple[HostFile, ...],
    descriptor: Descriptor | None,
    references: References,
) -> Vmdk:
    """The disk over its parent, where it is a snapshot."""
    with ExitStack() as stack:
        parent = None
        if descriptor is not None and descriptor.parent is not None:
            parent = _open_parent(files[0], descriptor, descriptor.parent, references)
            stack.callback(parent.close)
            _refuse_many(files[0], len(files) + len(parent.files()))
        container = Vmdk(parts, files, descriptor, parent)
        stack.pop_all()
    return container


def _open_parent(
    file: HostFile, descriptor: Descriptor, name: bytes, references: References
) -> Container:
    below, its_references = references.open(name, "parent")
    parent = open_file(below, its_references, Vmdk.format)
    known = parent.descriptor.content_id if isinstance(parent, Vmdk) and parent.descriptor else 0
    if known != descriptor.parent_content_id:
        parent.close()
        file.corrupt(
            f"its parent {parent.path} was changed after the snapshot: content id {known:08x} "
            f"instead of {descriptor.parent_content_id:08x}"
        )
    return parent


def _refuse_many(file: HostFile, count: int) -> None:
    if count > _MAX_FILES:
        raise ImageError(
            "image-too-complex",
            f"{file.path} is split into more than {_MAX_FILES} files",
            hint="consolidate the snapshots, or clone the disk into one file",
        )
