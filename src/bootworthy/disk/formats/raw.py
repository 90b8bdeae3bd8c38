"""Raw disks: the bytes of the disk as they are, in a sparse file or on a block device."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bootworthy.disk.container import Container, Format
from bootworthy.disk.extents import ExtentMap, Kind, make_rows, no_rows
from bootworthy.disk.hostfile import HostFile, open_host_file
from bootworthy.disk.sparse import data_runs

if TYPE_CHECKING:
    from bootworthy.disk.references import References


class RawContainer(Container):
    """A disk of which every byte lies at its own place in ``file``, up to ``virtual_size``.

    The file may change while it is open: nothing of it is remembered.
    """

    format: ClassVar[str] = "raw"

    def map_extents(self) -> ExtentMap:
        """Data where the host's file system has data, holes where it has holes."""
        runs = np.array(list(data_runs(self.file.fd, 0, self.virtual_size)), np.int64)
        if not len(runs):
            return ExtentMap(self.virtual_size, no_rows())
        start, end = runs[:, 0], runs[:, 1]
        return ExtentMap(self.virtual_size, make_rows(start, end - start, Kind.DATA, host=start))

    def extents(self) -> ExtentMap:
        """Where the file holds data now."""
        return self.map_extents()

    def pread(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the disk at ``offset``, fewer only at its end."""
        size = min(size, self.virtual_size - offset)
        return self.file.pread_exact(offset, size, "disk") if size > 0 else b""

    def _fill(self, view: memoryview, offset: int) -> None:
        self.file.fill(view, offset, "disk")


def over_fd(fd: int, size: int, *, path: str) -> RawContainer:
    """The disk of ``size`` bytes behind a descriptor that stays the caller's, offset and all.

    Raises:
        ImageError: ``image-truncated`` when the file is shorter than the disk.
    """
    # Opened anew, so that looking for holes does not move the caller's offset.
    file = open_host_file(f"/proc/self/fd/{fd}", shown=path)
    try:
        if file.size < size:
            file.truncated(size, "disk")
        return RawContainer(file, size)
    except BaseException:
        file.close()
        raise


def _open(file: HostFile, _references: References) -> RawContainer:
    return RawContainer(file, file.size)


def _detect(_header: bytes, _tail: bytes, _size: int) -> bool:
    return True


FORMATS = (Format(name="raw", rank=1000, detect=_detect, open=_open),)
