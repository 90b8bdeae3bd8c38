"""Give a disk another size: more room, or less when nothing is lost."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from bootworthy.disk.edit import Edit, refuse_loss, resize_edit
from bootworthy.disk.footer import FOOTER_SIZE
from bootworthy.disk.formats.raw import RawContainer
from bootworthy.disk.image import Image
from bootworthy.disk.sizes import GIB, KIB, MIB, TIB, is_whole_mib, round_up_to_mib
from bootworthy.disk.writers.raw import RawWriter
from bootworthy.disk.writers.vhd import FixedVhdWriter
from bootworthy.model.commands import argument, offered
from bootworthy.model.conversion import Conversion
from bootworthy.model.errors import UsageError
from bootworthy.model.events import Note
from bootworthy.work import edits
from bootworthy.work.convert import (
    ConvertOptions,
    convert_opened,
    described,
    open_source,
    refuse_early,
)
from bootworthy.work.footers import refuse_footer_inside
from bootworthy.work.in_place import undo_command
from bootworthy.work.limits import refuse_over_limit

_SIZE = re.compile(r"([+-]?)([0-9]{1,20})([KMGT]?)(?:iB|B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB, "T": TIB}

# Both are the disk from the first byte of the file on: their end can be moved.
_WRITERS: dict[str, type[RawWriter]] = {"raw": RawWriter, "vhd": FixedVhdWriter}


def parse_size(text: str, current: int) -> int:
    """A size in bytes from ``30G``, ``512M``, ``32212254720``, or ``+10G`` and ``-10G``.

    Units are binary, as everywhere in Azure; ``current`` is what a sign refers to.

    Raises:
        UsageError: ``size-invalid``, also for a size that is no whole number of MiB.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        _refuse_size(f"{text!r} is no size", "write it like 30G, 30720M or +10G")
    sign, digits, unit = match.groups()
    size = int(digits) * _UNITS[unit.upper()]
    if sign:
        size = current + (size if sign == "+" else -size)
    if size <= 0:
        _refuse_size(f"{text} leaves no disk", "write it like 30G, 30720M or +10G")
    if not is_whole_mib(size):
        _refuse_size(
            f"{size} bytes are no whole number of MiB, which Azure demands",
            f"the next one is {round_up_to_mib(size) // MIB}M",
        )
    return size


def _refuse_size(message: str, hint: str) -> NoReturn:
    raise UsageError("size-invalid", message, hint=hint)


def resize(
    image: str | os.PathLike[str],
    size: str,
    *,
    output: str | os.PathLike[str] | None = None,
    shrink: bool = False,
    options: ConvertOptions | None = None,
) -> Conversion:
    """Make the disk in ``image`` as large as ``size`` says, and move its backup GPT.

    Without ``output`` the file itself, raw or a fixed VHD, is changed; what was there is kept in a
    file beside it, for ``undo``. A smaller disk has to be asked for by ``shrink``, and only free
    space behind the last partition is ever cut.

    Raises:
        UsageError: ``size-invalid``; ``shrink-not-asked``; ``in-place-not-possible`` for other
            formats, which have to be copied.
        ImageError: ``resize-loses-data``; the image cannot be read, or becomes too large.
        HostError: it may not be written, or the disk is full.
    """
    options = options or ConvertOptions()
    if output is None:
        return _resize_in_place(Path(image).absolute(), size, shrink=shrink, options=options)
    began = time.monotonic()
    refuse_early(image, output, options)
    with open_source(image, options) as source:
        wanted = _wanted(source, size, shrink=shrink)
        if wanted < source.virtual_size:
            refuse_loss(source, wanted)
        result = convert_opened(source, output, replace(options, size=wanted), began)
    return replace(result, command="resize")


def _wanted(image: Image, size: str, *, shrink: bool) -> int:
    wanted = parse_size(size, image.virtual_size)
    if wanted < image.virtual_size and not shrink:
        raise UsageError(
            "shrink-not-asked",
            f"{wanted} bytes are less than the {image.virtual_size} of the disk",
            hint="--shrink cuts free space behind the last partition, and nothing else",
        )
    return wanted


def _resize_in_place(path: Path, size: str, *, shrink: bool, options: ConvertOptions) -> Conversion:
    began = time.monotonic()
    notes: list[str] = []
    with edits.writable(path) as file:
        if edits.recover(file) is not None:
            options.observer(Note("an edit that was interrupted is now complete"))
    with edits.writable(path) as file, open_source(path, options) as image:
        container = image.container
        if options.source_format is None:
            refuse_footer_inside(container, can_be_named=True)
        writer = _writer_of(image)
        old_disk, wanted = image.virtual_size, _wanted(image, size, shrink=shrink)
        refuse_over_limit(wanted, options.target, writer)
        edit = resize_edit(
            file,
            old_disk=old_disk,
            new_disk=wanted,
            fixed_vhd=writer is FixedVhdWriter,
            notes=notes,
        )
        if edit.changes_anything:
            edits.carry_out(file, edit)
        else:
            notes.append("the disk has that size already")
        return _result(path, container.format, edit, old_disk=old_disk, notes=notes, began=began)


def _writer_of(image: Image) -> type[RawWriter]:
    container = image.container
    fits = container.file_size - container.virtual_size in (0, FOOTER_SIZE)
    if isinstance(container, RawContainer) and container.format in _WRITERS and fits:
        return _WRITERS[container.format]
    hint = "write a copy: -o OUT.vhd"
    if isinstance(container, RawContainer) and container.format == "vhd":
        repair = offered("convert", "--in-place", argument(container.path))
        hint = f"repair it first: {repair}; or {hint}"
    raise UsageError(
        "in-place-not-possible",
        f"{container.path}: this {container.format} cannot be resized in place",
        hint=hint,
    )


def _result(
    path: Path, fmt: str, edit: Edit, *, old_disk: int, notes: list[str], began: float
) -> Conversion:
    undo = undo_command(path) if edit.changes_anything else ""
    return Conversion(
        command="resize",
        source=os.fspath(path),
        source_format=fmt,
        source_size=old_disk,
        output=os.fspath(path),
        output_format=fmt,
        virtual_size=edit.disk_size,
        file_size=edit.new_size,
        seconds=time.monotonic() - began,
        changes=(*described(old_disk, edit.disk_size, ()), *edit.words),
        notes=tuple(notes),
        undo=undo,
    )
