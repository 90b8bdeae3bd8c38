"""Acme's appliances keep their disk behind a header of 512 bytes.

A magic word, the size of the disk as a big-endian number of 8 bytes, then nothing up to byte 512.
"""

from __future__ import annotations

import struct

from bootworthy.disk.container import Container, Format
from bootworthy.disk.extents import ExtentMap, Kind, make_rows
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.references import References

MAGIC = b"ACMEDISK"
HEADER = 512


class AcmeDisk(Container):
    """A disk that lies as it is behind its header."""

    format = "acme"

    def map_extents(self) -> ExtentMap:
        """One run of data."""
        rows = make_rows([0], [self.virtual_size], Kind.DATA, host=[HEADER])
        return ExtentMap(self.virtual_size, rows)


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return header.startswith(MAGIC)


def _open(file: HostFile, _references: References) -> Container:
    """Take the size from the header, and trust it no further than the file reaches."""
    (size,) = struct.unpack_from(">Q", file.pread_exact(0, HEADER, "header"), len(MAGIC))
    if size == 0:
        file.corrupt("its header says that the disk is empty")
    if HEADER + size > file.size:
        file.truncated(HEADER + size, "disk")
    return AcmeDisk(file, size)


FORMAT = Format(name="acme", rank=100, detect=_detect, open=_open)
