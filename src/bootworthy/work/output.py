"""The file that prepare writes: nobody sees it under its name before it is whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootworthy.model.errors import HostError, UsageError

_SUFFIX = ".partial"


@dataclass(frozen=True, kw_only=True)
class Partial:
    """The file at work: its path and an open descriptor, both ours alone while it lasts."""

    path: Path
    fd: int


def refuse_bad_output(output: Path, sources: tuple[str, ...], *, force: bool) -> None:
    """Refuse what cannot or must not be written, before anything is read.

    ``sources`` are the files the image consists of.

    Raises:
        UsageError: the output is a source of the image, exists already, or is no file name.
        HostError: its folder is missing or cannot be written.
    """
    folder = output.parent
    if not folder.is_dir():
        raise UsageError(
            "output-folder-missing", f"there is no folder {folder}", hint=f"mkdir -p {folder}"
        )
    if any(_is_same(output, source) for source in sources):
        raise UsageError(
            "output-is-source",
            f"{output} is the image itself",
            hint="write to another file; the source is never changed",
        )
    if output.is_dir() or (os.path.lexists(output) and not _is_regular(output)):
        raise UsageError("output-not-a-file", f"{output} is no regular file", hint="name a file")
    if os.path.lexists(output) and not force:
        raise UsageError(
            "output-exists", f"{output} exists already", hint="--force replaces it when all is done"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HostError(
            "output-not-writable", f"{folder} cannot be written", hint="choose another folder"
        )


def _is_same(output: Path, source: str) -> bool:
    try:
        return output.samefile(source)
    except OSError:
        return False


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def refuse_small_disk(folder: Path, needed: int) -> None:
    """Refuse to begin what cannot end for want of space.

    Raises:
        HostError: ``host-no-space``, with what is free and what is needed.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise HostError(
            "host-no-space",
            f"{folder} has {free >> 20} MiB free, {needed >> 20} MiB are needed",
            hint="free some space, or write to another file system",
        )


@contextmanager
def partial(output: Path) -> Iterator[Partial]:
    """The file at work, empty; it is deleted unless ``finish`` gave it its name.

    Raises:
        HostError: another run is writing it, or it cannot be made.
    """
    path = output.with_name(output.name + _SUFFIX)
    fd = _claim(path)
    try:
        yield Partial(path=path, fd=fd)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        raise
    finally:
        os.close(fd)


def _claim(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        raise HostError(
            "output-not-writable", f"{path} cannot be written: {error.strerror}", hint="remove it"
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise HostError(
            "output-busy", f"another run is writing {path}", hint="wait for it, or end it"
        ) from error
    os.ftruncate(fd, 0)
    return fd


def finish(work: Partial, output: Path, *, force: bool) -> None:
    """Have every byte on disk, then give the file its name.

    Raises:
        UsageError: a file of that name appeared in the meantime.
        HostError: the disk is full or failed.
    """
    try:
        os.fchmod(work.fd, 0o644 & ~_umask())
        os.fsync(work.fd)
        if not force and os.path.lexists(output):
            raise UsageError("output-exists", f"{output} appeared meanwhile", hint="--force")
        work.path.rename(output)
        _sync_folder(output.parent)
    except OSError as error:
        raise explain(error, work.path) from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def explain(error: OSError, path: Path) -> HostError:
    """A failed write as an error that says why."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return HostError(
            "host-no-space",
            f"no space left while writing {path}",
            hint="free some space, or write to another file system; nothing was left behind",
        )
    return HostError("host-write-failed", f"{path}: {error.strerror or error}")
