"""A disk image of any format, compressed with gzip, xz, zstd or bzip2.

Disks need random access, so it is unpacked once, into a temporary file without a name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format, open_file
from bootworthy.disk.unpack import streams
from bootworthy.disk.unpack.spool import spool
from bootworthy.disk.unpack.watched import unpacking
from bootworthy.disk.wrapped import Wrapped

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References


def _open(kind: str, file: HostFile, references: References) -> Container:
    inside = references.within("compressed file")
    with unpacking(file, references.observer) as watched:
        spooled = spool(file, streams.unpacked(watched, kind))
    inner = open_file(spooled, inside)
    try:
        return Wrapped(file, inner, kind)
    except BaseException:
        inner.close()
        raise


def _detect(kind: str, header: bytes, _tail: bytes, _size: int) -> bool:
    return streams.kind_of(header) == kind


FORMATS = tuple(
    Format(name=kind, rank=300, detect=partial(_detect, kind), open=partial(_open, kind))
    for kind in ("gzip", "xz", "zstd", "bzip2")
)
