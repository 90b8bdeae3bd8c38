"""qcow2, versions 2 and 3: compressed, extended, layered and with external data.

Source: QEMU, docs/interop/qcow2.txt. Refcounts are not read: a reader does not need them, and so
a dirty image reads as well as a clean one.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import zstandard

from bootworthy.disk.container import Container, open_file
from bootworthy.disk.deflate import DeflateError, inflate_raw
from bootworthy.disk.extents import Extent, ExtentMap, Kind
from bootworthy.disk.qcow2 import header as qcow2_header
from bootworthy.disk.qcow2 import tables
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.qcow2.header import Header
    from bootworthy.disk.references import References

# RFC 8878, 3.1.1.1.2: decoders should support at least 8 MiB; qemu's level needs 2 MiB.
_ZSTD_WINDOW = 8 << 20

# qemu's driver names in a header and ours.
_BACKING_FORMATS = {
    "raw": "raw",
    "file": "raw",
    "qcow2": "qcow2",
    "vpc": "vhd",
    "vhdx": "vhdx",
    "": None,
}


class Qcow2(Container):
    """A qcow2 image, its external data file and what it is layered over."""

    format: ClassVar[str] = "qcow2"
    below_name: ClassVar[str] = "backing file"

    def __init__(
        self, file: HostFile, header: Header, data: HostFile | None, backing: Container | None
    ) -> None:
        super().__init__(file, header.size)
        self.header = header
        self.backing = backing
        self._data = data or file
        for resource in (data, backing):
            if resource is not None:
                self._owned.callback(resource.close)

    def map_extents(self) -> ExtentMap:
        """The image's own clusters, over those of its backing file."""
        rows = tables.read(self.file, self.header, self._data)
        own = ExtentMap(self.virtual_size, rows)
        return own if self.backing is None else own.over(self.backing.extents(), files=1)

    def files(self) -> tuple[HostFile, ...]:
        """The file with this image's data, then those of its backing file."""
        return (self._data, *(self.backing.files() if self.backing else ()))

    def decode_unit(self, extent: Extent) -> bytes:
        """Decompress a whole cluster."""
        if extent.file > 0 and self.backing is not None:
            return self.backing.decode_unit(replace(extent, file=extent.file - 1))
        stored = self.file.pread_exact(extent.host, extent.stored, "compressed data")
        try:
            unit = self._decompress(stored)
        except (DeflateError, zstandard.ZstdError):
            unit = b""
        if len(unit) < self.header.cluster_size:
            self.file.corrupt(f"the compressed cluster at byte {extent.host} does not decompress")
        return unit

    def _decompress(self, stored: bytes) -> bytes:
        # What is stored is counted in sectors, so something else may follow the stream.
        size = self.header.cluster_size
        if not self.header.zstd:
            return inflate_raw(stored, size)
        # A decompressor must not be shared by threads; making one takes microseconds.
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        with decompressor.stream_reader(stored, read_across_frames=True) as stream:
            return stream.read(size)

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading leaves aside."""
        notes = []
        if self.header.snapshots:
            plural = "s are" if self.header.snapshots > 1 else " is"
            notes.append(f"{self.header.snapshots} internal snapshot{plural} ignored")
        if self.header.dirty:
            notes.append("the image was not closed properly; it is read as it was left")
        return (*notes, *(self.backing.notes if self.backing else ()))

    def details(self) -> tuple[tuple[str, str], ...]:
        """Version, cluster size, and where else data comes from."""
        rows = [
            ("version", str(self.header.version)),
            ("cluster size", str(self.header.cluster_size)),
        ]
        # What a backing file has packed is packed in its own way.
        own = self.extents().rows
        if np.any((own["kind"] == Kind.ENCODED) & (own["file"] == 0)):
            rows.append(("compression", "zstd" if self.header.zstd else "zlib"))
        if self._data is not self.file:
            rows.append(("data file", self._data.path))
        return (*rows, *self.lineage())

    @property
    def below(self) -> Container | None:
        """The backing file."""
        return self.backing


def open_qcow2(file: HostFile, references: References) -> Qcow2:
    """The image in ``file``, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged, encrypted or not read, or refers to other files.
    """
    header = qcow2_header.parse(file)
    with ExitStack() as stack:
        data = _open_data(file, header, references)
        if data is not None:
            stack.callback(data.close)
        backing = _open_backing(file, header, references)
        if backing is not None:
            stack.callback(backing.close)
        container = Qcow2(file, header, data, backing)
        stack.pop_all()
    return container


def _open_data(file: HostFile, header: Header, references: References) -> HostFile | None:
    if header.data_file is None:
        return None
    if not header.data_file:
        file.corrupt("its data is in another file, which it does not name")
    return references.open(header.data_file, "data file")[0]


def _open_backing(file: HostFile, header: Header, references: References) -> Container | None:
    if header.backing_file is None:
        return None
    if header.backing_format not in _BACKING_FORMATS:
        raise ImageError(
            "image-format-unsupported",
            f"{file.path}: the backing file is {header.backing_format!r}, not read yet",
            hint="flatten it first: qemu-img convert -O qcow2 IMAGE OUT.qcow2",
        )
    below, its_references = references.open(header.backing_file, "backing file")
    return open_file(below, its_references, _BACKING_FORMATS[header.backing_format])
