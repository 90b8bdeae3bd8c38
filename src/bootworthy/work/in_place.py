"""Make a raw disk, or a VHD with faults, the fixed VHD that Azure takes, without a copy."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bootworthy.disk import anatomy as anatomies
from bootworthy.disk.anatomy import Anatomy
from bootworthy.disk.edit import Edit, seal_edit
from bootworthy.disk.footer import COOKIE, DIFFERENCING, DYNAMIC
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.image import open_image
from bootworthy.disk.writers.vhd import FixedVhdWriter
from bootworthy.model.commands import argument, offered
from bootworthy.model.conversion import Conversion
from bootworthy.model.errors import ImageError, UsageError
from bootworthy.model.events import Note, Observer, ignore
from bootworthy.work import edits
from bootworthy.work.convert import described
from bootworthy.work.limits import Target, refuse_over_limit

_FORMATS = (None, "raw", "vhd")


def convert_in_place(
    image: str | os.PathLike[str],
    *,
    source_format: str | None = None,
    target: Target = Target.OS_DISK,
    observer: Observer = ignore,
) -> Conversion:
    """Make ``image`` itself a fixed VHD; takes the same time whatever its size.

    A raw disk gets a footer. Of a fixed VHD, wrong fields of the footer, a size of no whole MiB,
    bytes behind the footer and an older footer inside are put right. What was there is kept in a
    file beside it, for ``undo``. Killed, the next call completes it.

    Raises:
        UsageError: the image is in a format that has to be copied.
        ImageError: it is no disk image, or too large.
        HostError: it may not be written, or the disk is full.
    """
    began = time.monotonic()
    path = Path(image).absolute()
    with edits.writable(path) as file:
        done = edits.recover(file)
        if done is not None:
            observer(Note("an edit that was interrupted is now complete"))
            return _result(path, "journal", done, began, ["an interrupted edit was completed"])
        notes: list[str] = []
        found = None if source_format == "raw" else anatomies.examine(file)
        fmt = _refuse_others(file, found, source_format)
        edit = seal_edit(file, found, notes)
        refuse_over_limit(edit.disk_size, target, FixedVhdWriter)
        if edit.changes_anything:
            edits.carry_out(file, edit)
        else:
            notes.append("nothing had to be changed")
        return _result(path, fmt, edit, began, notes)


def _refuse_others(file: HostFile, found: Anatomy | None, source_format: str | None) -> str:
    """The format of the image, when it can be changed in place."""
    if source_format not in _FORMATS:
        _refuse(file, source_format or "")
    if source_format == "vhd" and found is None:
        raise ImageError("vhd-footer-missing", f"{file.path} holds no VHD footer")
    if found is not None:
        sparse = found.footer.disk_type in (DYNAMIC, DIFFERENCING)
        if sparse and file.pread(0, len(COOKIE)) == COOKIE:
            _refuse(file, "a dynamic or differencing VHD")
        return "vhd"
    if source_format is None:
        _refuse_no_raw_disk(file)
    return "raw"


def _refuse_no_raw_disk(file: HostFile) -> None:
    with open_image(file.path) as image:
        if image.container.format != "raw":
            _refuse(file, image.container.format)


def _refuse(file: HostFile, what: str) -> None:
    raise UsageError(
        "in-place-not-possible",
        f"{file.path}: {what} cannot become a fixed VHD in place",
        hint="convert it to a copy: -o OUT.vhd",
    )


def undo(image: str | os.PathLike[str]) -> Conversion:
    """Take the last edit of ``image`` in place back.

    Raises:
        UsageError: ``undo-not-possible`` when there was none, or the image changed since.
    """
    began = time.monotonic()
    path = Path(image).absolute()
    with edits.writable(path) as file:
        back = edits.recover(file)
    if back is None or not back.undoes:
        with edits.writable(path) as file:
            back = edits.take_back(file)
    return _result(path, "vhd", back, began, ["the last edit in place was taken back"])


def _result(path: Path, fmt: str, edit: Edit, began: float, notes: list[str]) -> Conversion:
    changes = (*described(edit.old_size, edit.new_size, ()), *edit.words)
    undo_file = edits.undo_of(path)
    return Conversion(
        command="convert",
        source=os.fspath(path),
        source_format=fmt,
        source_size=edit.old_size,
        output=os.fspath(path),
        output_format="vhd",
        virtual_size=edit.disk_size,
        file_size=edit.new_size,
        seconds=time.monotonic() - began,
        changes=changes,
        notes=tuple(notes),
        undo=undo_command(path) if undo_file.exists() else "",
    )


def undo_command(path: Path) -> str:
    """The command that takes back what was done to the file at ``path``."""
    return offered("convert", "--in-place", "--undo", argument(os.fspath(path)))
