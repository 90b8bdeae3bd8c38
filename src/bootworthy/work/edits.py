"""Edits in place: the next run makes good a kill in the middle, and each can be taken back.

The journal holds what was there and what comes instead. It is on disk before the first write and
becomes the undo file after the last one.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from bootworthy.disk.copying import write_at
from bootworthy.disk.edit import Edit, Write
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.output import explain
from bootworthy.model.errors import HostError, ImageError, UsageError

_VERSION = 1
_MAX_JOURNAL = 64 << 20
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def journal_of(image: Path) -> Path:
    """Where an edit that is under way is noted."""
    return image.with_name(image.name + ".journal")


def undo_of(image: Path) -> Path:
    """Where the last edit is noted, to take it back."""
    return image.with_name(image.name + ".undo")


@contextmanager
def writable(image: Path) -> Iterator[HostFile]:
    """The image, open for writing and locked.

    Raises:
        ImageError: it is missing or no regular file.
        HostError: it may not be written, or another run holds it.
    """
    try:
        fd = os.open(image, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ImageError(
            "image-not-found", f"there is no image at {os.fspath(image)!r}", hint="check the path"
        ) from error
    except OSError as error:
        raise HostError(
            "image-not-writable",
            f"{image} cannot be written: {error.strerror}",
            hint="change its permissions, or convert it to a copy: -o OUT.vhd",
        ) from error
    try:
        file = HostFile(os.fspath(image), fd)
    except BaseException:
        os.close(fd)
        raise
    try:
        _lock(file)
        yield file
    finally:
        file.close()


def _lock(file: HostFile) -> None:
    if file.is_device:
        raise UsageError(
            "image-is-a-device", f"{file.path} is a device, which has one size", hint="-o OUT.vhd"
        )
    try:
        fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HostError(
            "output-busy", f"another program holds {file.path}", hint="wait for it, or end it"
        ) from error


def carry_out(file: HostFile, edit: Edit) -> None:
    """Make the edit; afterwards the undo file tells how to take it back.

    Raises:
        HostError: the disk is full or failed; the next run goes on.
    """
    try:
        _store(journal_of(Path(file.path)), file, edit)
        _complete(file, edit)
    except OSError as error:
        raise explain(error, Path(file.path)) from error


def recover(file: HostFile) -> Edit | None:
    """Complete what a killed run began; None when there is nothing to complete.

    Raises:
        UsageError: ``journal-foreign`` when the journal is of another file.
    """
    edit = _load(journal_of(Path(file.path)), file)
    if edit is None:
        return None
    try:
        _complete(file, edit)
    except OSError as error:
        raise explain(error, Path(file.path)) from error
    return edit


def _complete(file: HostFile, edit: Edit) -> None:
    """Make every write; each is of the same bytes each time, so that doing it again is no harm."""
    image = Path(file.path)
    for write in edit.writes:
        write_at(file.fd, write.new, write.offset)
    os.ftruncate(file.fd, edit.new_size)
    os.fsync(file.fd)
    if edit.undoes:
        undo_of(image).unlink(missing_ok=True)
        journal_of(image).unlink()
    else:
        journal_of(image).rename(undo_of(image))
    _sync_folder(image.parent)


def take_back(file: HostFile) -> Edit:
    """Bring back what the last edit changed.

    Raises:
        UsageError: ``undo-not-possible`` when there was none, or the image changed since.
    """
    image = Path(file.path)
    edit = _load(undo_of(image), file)
    if edit is None:
        _refuse_undo(f"there is no {undo_of(image)}")
    if file.size != edit.new_size or not all(_holds(file, write) for write in edit.writes):
        _refuse_undo(f"{image} changed since")
    back = _reversed(edit)
    carry_out(file, back)
    return back


def _holds(file: HostFile, write: Write) -> bool:
    visible = write.new[: max(file.size - write.offset, 0)]
    return file.pread(write.offset, len(visible)) == visible


def _reversed(edit: Edit) -> Edit:
    back = [
        Write(offset=write.offset, old=write.new, new=write.old) for write in reversed(edit.writes)
    ]
    tail = [Write(offset=write.offset, old=b"", new=write.old) for write in edit.tail]
    return Edit(
        old_size=edit.new_size,
        new_size=edit.old_size,
        disk_size=edit.disk_size,
        writes=(*tail, *back),
        undoes=True,
    )


def _refuse_undo(why: str) -> NoReturn:
    raise UsageError("undo-not-possible", f"nothing was taken back: {why}", hint="use a backup")


def _store(path: Path, file: HostFile, edit: Edit) -> None:
    record = {
        "version": _VERSION,
        "image": list(file.identity),
        "old_size": edit.old_size,
        "new_size": edit.new_size,
        "disk_size": edit.disk_size,
        "writes": [_packed(write) for write in edit.writes],
        "tail": [_packed(write) for write in edit.tail],
        "words": list(edit.words),
        "undoes": edit.undoes,
    }
    text = json.dumps(record).encode()
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
    try:
        write_at(fd, f"{zlib.crc32(text):08x} ".encode() + text, 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.rename(path)
    _sync_folder(path.parent)


def _packed(write: Write) -> list[Any]:
    return [write.offset, _encoded(write.old), _encoded(write.new)]


def _encoded(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def _decoded(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def _load(path: Path, file: HostFile) -> Edit | None:
    try:
        fd = os.open(path, os.O_RDONLY | _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain(error, path) from error
    with os.fdopen(fd, "rb") as stream:
        checksum, _, text = stream.read(_MAX_JOURNAL).partition(b" ")
    if checksum != f"{zlib.crc32(text):08x}".encode():
        _refuse_journal(path, "is damaged")
    try:
        return _parsed(json.loads(text), path, file)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        _refuse_journal(path, "is no journal")


def _parsed(record: dict[str, Any], path: Path, file: HostFile) -> Edit:
    # Nobody but a run on this very file knows its inode: what came with an image is not believed.
    if record["version"] != _VERSION or tuple(record["image"]) != file.identity:
        _refuse_journal(path, "belongs to another file or version")
    return Edit(
        old_size=record["old_size"],
        new_size=record["new_size"],
        disk_size=record["disk_size"],
        writes=tuple(_unpacked(write) for write in record["writes"]),
        tail=tuple(_unpacked(write) for write in record["tail"]),
        words=tuple(record["words"]),
        undoes=record["undoes"],
    )


def _unpacked(packed: list[Any]) -> Write:
    offset, old, new = packed
    return Write(offset=offset, old=_decoded(old), new=_decoded(new))


def _refuse_journal(path: Path, why: str) -> NoReturn:
    raise UsageError(
        "journal-foreign",
        f"{path} {why}",
        hint="if no edit of the image is unfinished, move that file away",
    )


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
