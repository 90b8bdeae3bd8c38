"""A disk image of any format, compressed with gzip, xz, zstd or bzip2.

Disks need random access, so it is unpacked once, into a temporary file without a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, open_file
from bootworthy.disk.unpack import streams
from bootworthy.disk.unpack.spool import spool
from bootworthy.disk.unpack.watched import unpacking
from bootworthy.disk.wrapped import Wrapped

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References


def open_compressed(kind: str, file: HostFile, references: References) -> Container:
    """The disk in ``file``, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged, or no disk image.
        HostError: ``host-no-space``.
    """
    inside = references.within("compressed file")
    with unpacking(file, references.observer) as watched:
        spooled = spool(file, streams.unpacked(watched, kind))
    inner = open_file(spooled, inside)
    try:
        return Wrapped(file, inner, kind)
    except BaseException:
        inner.close()
        raise
