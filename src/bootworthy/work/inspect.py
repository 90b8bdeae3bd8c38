"""Take an image apart: container, partitions, file systems, Linux, and Azure's verdict."""

from __future__ import annotations

import os

import bootworthy
from bootworthy.disk.image import Image
from bootworthy.model.errors import HostError, ImageError
from bootworthy.model.events import Observer, ignore
from bootworthy.model.image import GuestInfo
from bootworthy.model.inspection import Inspection
from bootworthy.work.acceptance import obstacles
from bootworthy.work.convert import ConvertOptions, open_source
from bootworthy.work.opening import Reading, session_of
from bootworthy.work.target import guest_of


def inspect_image(
    image: str | os.PathLike[str],
    *,
    allow_backing: bool = False,
    source_format: str | None = None,
    guest: bool = True,
    disk: str = "",
    observer: Observer = ignore,
) -> Inspection:
    """What ``image`` is made of, and whether Azure would take the file as it is.

    Without ``guest``, the Linux inside is not looked for. ``disk`` is the name or the number of one
    of the disks in an archive. Nothing is written, mounted or run.

    Raises:
        ImageError: the image cannot be read.
    """
    options = ConvertOptions(
        source_format=source_format, allow_backing=allow_backing, disk=disk, observer=observer
    )
    with open_source(image, options) as opened:
        notes = list(opened.container.notes)
        found = _guest_in(opened, notes) if guest else None
        return Inspection(
            version=bootworthy.__version__,
            image=opened.info(),
            guest=found,
            obstacles=obstacles(opened, source_format=source_format, disk=disk),
            notes=tuple(notes),
        )


def _guest_in(disk: Image, notes: list[str]) -> GuestInfo | None:
    """The Linux inside; that there is none, or that it cannot be read, is worth a note only."""
    try:
        with session_of(disk, Reading(engine="reader"), writable=False) as session:
            return guest_of(session).info()
    except (HostError, ImageError) as error:
        notes.append(f"no Linux was read: {error.message}")
        return None
