"""VMDK: a sparse extent, or the descriptor of a disk in several files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

MAGIC = b"KDMV"
ESX_MAGIC = b"COWD"
# vSphere 6.5's format, constMagic of its header; there is no public specification.
SE_SPARSE_MAGIC = b"\xbe\xba\xfe\xca\0\0\0\0"

_FIRST_LINE = re.compile(rb"\s*#\s*Disk\s?DescriptorFile", re.IGNORECASE)


def is_descriptor(data: bytes) -> bool:
    """Whether ``data`` begins as a descriptor does."""
    return _FIRST_LINE.match(data) is not None


def _open(file: HostFile, references: References) -> Container:
    from bootworthy.disk.vmdk.image import open_vmdk

    return open_vmdk(file, references)


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return header.startswith((MAGIC, ESX_MAGIC, SE_SPARSE_MAGIC)) or is_descriptor(header[:512])


FORMATS = (Format(name="vmdk", rank=200, detect=_detect, open=_open),)
