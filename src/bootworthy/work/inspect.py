"""Take an image apart: container, partitions, file systems, Linux, and Azure's verdict."""

from __future__ import annotations

import os

import bootworthy
from bootworthy.disk.container import open_container
from bootworthy.disk.image import Image, open_image
from bootworthy.model.errors import HostError, ImageError
from bootworthy.model.image import GuestInfo
from bootworthy.model.inspection import Inspection
from bootworthy.work.acceptance import obstacles
from bootworthy.work.opening import Reading, session_of
from bootworthy.work.target import guest_of


def inspect_image(
    image: str | os.PathLike[str],
    *,
    allow_backing: bool = False,
    source_format: str | None = None,
    guest: bool = True,
) -> Inspection:
    """What ``image`` is made of, and whether Azure would take the file as it is.

    Without ``guest``, the Linux inside is not looked for. Nothing is written, mounted or run.

    Raises:
        ImageError: the image cannot be read.
    """
    with _open(image, source_format, allow_backing=allow_backing) as disk:
        notes = list(disk.container.notes)
        found = _guest_in(disk, notes) if guest else None
        return Inspection(
            version=bootworthy.__version__,
            image=disk.info(),
            guest=found,
            obstacles=tuple(obstacles(disk)),
            notes=tuple(notes),
        )


def _open(
    image: str | os.PathLike[str], source_format: str | None, *, allow_backing: bool
) -> Image:
    if source_format is None:
        return open_image(image, allow_backing=allow_backing)
    return Image(open_container(image, allow_backing=allow_backing, force_format=source_format))


def _guest_in(disk: Image, notes: list[str]) -> GuestInfo | None:
    """The Linux inside; that there is none, or that it cannot be read, is worth a note only."""
    try:
        with session_of(disk, Reading(engine="reader"), writable=False) as session:
            return guest_of(session).info()
    except (HostError, ImageError) as error:
        notes.append(f"no Linux was read: {error.message}")
        return None
