"""VHDX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootworthy.disk.container import Container, Format

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

SIGNATURE = b"vhdxfile"


def _open(file: HostFile, references: References) -> Container:
    from bootworthy.disk.vhdx.image import open_vhdx

    return open_vhdx(file, references)


def _detect(start: bytes, _tail: bytes, _size: int) -> bool:
    return start.startswith(SIGNATURE)


FORMATS = (Format(name="vhdx", rank=230, detect=_detect, open=_open),)
