"""qcow2, version 2 and later; version 1 is another format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

MAGIC = b"QFI\xfb"


def _open(file: HostFile, references: References) -> Container:
    from bootworthy.disk.qcow2.image import open_qcow2

    return open_qcow2(file, references)


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return header.startswith(MAGIC) and header[4:8] != b"\0\0\0\x01"


FORMATS = (Format(name="qcow2", rank=100, detect=_detect, open=_open),)
