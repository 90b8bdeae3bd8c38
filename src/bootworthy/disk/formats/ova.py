"""OVA and OVF, and any tar archive that holds a disk image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

_USTAR = (257, b"ustar")


def is_descriptor(header: bytes) -> bool:
    """Whether a file that begins with ``header`` is an OVF descriptor."""
    start = header.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"<") and b"Envelope" in start and b"ovf" in start.lower()


def _open_archive(file: HostFile, references: References) -> Container:
    from bootworthy.disk.ova.package import open_archive

    return open_archive(file, references)


def _open_descriptor(file: HostFile, references: References) -> Container:
    from bootworthy.disk.ova.package import open_descriptor

    return open_descriptor(file, references)


def _detect_archive(header: bytes, _tail: bytes, _size: int) -> bool:
    offset, magic = _USTAR
    return header.startswith(magic, offset)


def _detect_descriptor(header: bytes, _tail: bytes, _size: int) -> bool:
    return is_descriptor(header)


FORMATS = (
    Format(name="ova", rank=320, detect=_detect_archive, open=_open_archive),
    Format(name="ovf", rank=330, detect=_detect_descriptor, open=_open_descriptor),
)
