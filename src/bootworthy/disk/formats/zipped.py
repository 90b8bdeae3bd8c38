"""zip, around an image of any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

_MAGIC = b"PK\x03\x04"


def _open(file: HostFile, references: References) -> Container:
    from bootworthy.disk.unpack.zipped import open_zip

    return open_zip(file, references)


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return header.startswith(_MAGIC)


FORMATS = (Format(name="zip", rank=310, detect=_detect, open=_open),)
