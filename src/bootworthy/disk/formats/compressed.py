"""gzip, xz, zstd and bzip2, around an image of any format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

MAGICS = {
    "gzip": b"\x1f\x8b\x08",
    "xz": b"\xfd7zXZ\0",
    "bzip2": b"BZh",
    "zstd": b"\x28\xb5\x2f\xfd",
}

# A zstd file may begin with a frame to be skipped: the table of pzstd, for one.
_SKIPPABLE = tuple(bytes([byte]) + b"\x2a\x4d\x18" for byte in range(0x50, 0x60))


def kind_of(header: bytes) -> str:
    """How the file that begins with ``header`` is compressed; empty when it is not."""
    if header.startswith(_SKIPPABLE):
        return "zstd"
    return next((kind for kind, magic in MAGICS.items() if header.startswith(magic)), "")


def _open(kind: str, file: HostFile, references: References) -> Container:
    from bootworthy.disk.unpack.compressed import open_compressed

    return open_compressed(kind, file, references)


def _detect(kind: str, header: bytes, _tail: bytes, _size: int) -> bool:
    return kind_of(header) == kind


FORMATS = tuple(
    Format(name=kind, rank=300, detect=partial(_detect, kind), open=partial(_open, kind))
    for kind in MAGICS
)
