"""Which member of an archive is the disk."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

# Only to find the one image among texts and checksums; its format is found by content.
_SUFFIXES = frozenset(
    {".raw", ".img", ".image", ".qcow2", ".vhd", ".vhdx", ".vmdk", ".vdi", ".hdd", ".hds", ".ova"}
)
_SHOWN = 20
_DIGITS = 9


def choose(file: HostFile, names: list[str], wanted: str, *, all_images: bool = False) -> str:
    """The name of the member called ``wanted``, or of the only disk image when that is empty.

    ``wanted`` may also be the number of a disk image, from 1 on in the order of the archive.
    ``all_images`` says that the names are known to be those of disks.

    Raises:
        ImageError: ``image-not-found`` when there is none, ``image-ambiguous`` when several are.
    """
    if len(names) != len(set(names)):
        file.corrupt("two members of the archive have one name")
    if wanted in names:
        return wanted
    images = [name for name in names if PurePosixPath(name).suffix.lower() in _SUFFIXES]
    candidates = names if all_images or len(names) == 1 else images
    if len(candidates) == 1 and not wanted:
        return candidates[0]
    if wanted.isdecimal() and 1 <= int(wanted[:_DIGITS]) <= len(candidates):
        return candidates[int(wanted[:_DIGITS]) - 1]
    listed = ", ".join(repr(name[:100]) for name in (candidates or names)[:_SHOWN]) or "nothing"
    if wanted or not candidates:
        raise ImageError(
            "image-not-found",
            f"{file.path} holds no disk image{f' {wanted!r}' if wanted else ''}, but {listed}",
            hint="check that it is the right archive",
        )
    raise ImageError(
        "image-ambiguous",
        f"{file.path} holds {len(candidates)} disk images: {listed}",
        hint="name the one with the operating system, or its number: --member NAME",
    )
