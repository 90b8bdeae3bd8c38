"""Formats that are recognised, so that a person is told, but not read yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bootworthy.disk.container import Container, Format
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

_CONVERT = "convert it first: qemu-img convert -O qcow2 IMAGE OUT.qcow2"
_UNPACK = "unpack it first, then name the disk image inside"


@dataclass(frozen=True)
class _Signature:
    """``magic`` at ``offset`` of the file means ``name``; ``hint`` says what to do about it."""

    offset: int
    magic: bytes
    name: str
    hint: str


_SIGNATURES = (
    # qcow.h: the first version of the format.
    _Signature(0, b"QFI\xfb\0\0\0\x01", "qcow image of version 1", _CONVERT),
    # 7zFormat.txt.
    _Signature(0, b"7z\xbc\xaf\x27\x1c", "7z archive", _UNPACK),
)


def _recognise(header: bytes) -> _Signature | None:
    for signature in _SIGNATURES:
        if header.startswith(signature.magic, signature.offset):
            return signature
    return None


def refuse(path: str, name: str, hint: str = _CONVERT) -> NoReturn:
    """Say that ``path`` is a ``name`` and that this is not read yet.

    Raises:
        ImageError: ``image-format-unsupported``.
    """
    raise ImageError("image-format-unsupported", f"{path}: {name}, not read yet", hint=hint)


def _detect(header: bytes, _tail: bytes, _size: int) -> bool:
    return _recognise(header) is not None


def _open(file: HostFile, _references: References) -> Container:
    signature = _recognise(file.pread(0, 4096))
    if signature is None:
        file.corrupt("its first bytes changed while it was opened")
    refuse(file.path, signature.name, signature.hint)


FORMATS = (Format(name="", rank=900, detect=_detect, open=_open),)
