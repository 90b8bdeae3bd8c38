"""The file that a verb writes: nobody sees it under its name before it is whole."""

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

# Less room than this explains a write that failed without saying why.
_SCARCE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Partial:
    """The file at work: its path and an open descriptor, both ours alone while it lasts.

    ``left_over`` tells that an earlier run began it.
    """

    path: Path
    fd: int
    left_over: bool = False


def refuse_bad_output(output: Path, sources: tuple[str, ...], *, force: bool) -> None:
    """Refuse what cannot or must not be written, before anything is read.

    ``sources`` are the files the image consists of.

    Raises:
        UsageError: the output, or the file at work beside it, is a source of the image; it exists
            already, or is no file name; its folder is missing.
        HostError: its folder cannot be written.
    """
    folder = output.parent
    if not folder.is_dir():
        raise UsageError(
            "output-folder-missing", f"there is no folder {folder}", hint=f"mkdir -p {folder}"
        )
    _refuse_bad_name(output)
    for path in (output, partial_of(output)):
        if any(_is_same(path, source) for source in sources):
            raise UsageError(
                "output-is-source",
                f"{path} is the image itself",
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


def _refuse_bad_name(output: Path) -> None:
    try:
        partial_of(output).lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(
            "output-not-a-file", f"{output}: {error.strerror}", hint="choose another name"
        ) from error


def partial_of(output: Path) -> Path:
    """The name of the file at work for an output."""
    return output.with_name(output.name + _SUFFIX)


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


def file_named(output: str | os.PathLike[str]) -> Path:
    """The path of an output; a name that ends with a slash means a directory.

    Raises:
        UsageError: ``output-not-a-file``.
    """
    name = os.fspath(output)
    if name.endswith(os.sep):
        raise UsageError(
            "output-not-a-file", f"{name} is the name of a directory", hint="name a file"
        )
    return Path(name).absolute()


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
def partial(
    output: Path, *, resume: bool = False, keep: tuple[type[BaseException], ...] = ()
) -> Iterator[Partial]:
    """The file at work, empty; it is deleted unless ``finish`` gave it its name.

    With ``resume`` it is what an earlier run left, where there is any. An exception of a class in
    ``keep`` leaves it for a later run.

    Raises:
        HostError: another run is writing it, or it cannot be made.
    """
    path = partial_of(output)
    found = _left_over(path) if resume else None
    fd = _claim(path) if found is None else found
    try:
        yield Partial(path=path, fd=fd, left_over=found is not None)
    except keep:
        raise
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        raise
    finally:
        os.close(fd)


def _left_over(path: Path) -> int | None:
    """What an earlier run left, locked; None when there is nothing that could be its."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        _lock(fd, path)
    except BaseException:
        os.close(fd)
        raise
    # Another link to it may be a file that somebody needs.
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_uid == os.geteuid():
        return fd
    os.close(fd)
    return None


def _claim(path: Path) -> int:
    """A new file of that name, locked; what a run that was killed left of it is removed.

    It is never truncated: the name may be another link to a file that somebody needs.
    """
    try:
        _remove_stale(path)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HostError(
            "output-not-writable",
            f"{path} cannot be written: {error.strerror}",
            hint="choose another folder, or move what has that name",
        ) from error
    try:
        _lock(fd, path)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _remove_stale(path: Path) -> None:
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EEXIST, "it is no regular file")
        _lock(fd, path)
        path.unlink()
    finally:
        os.close(fd)


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HostError(
            "output-busy", f"another run is writing {path}", hint="wait for it, or end it"
        ) from error


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


def refuse_existing(output: Path, *, force: bool) -> None:
    """Refuse to write what exists; with ``force``, what is no file.

    Raises:
        UsageError: ``output-exists``.
    """
    if os.path.lexists(output) and not (force and _is_regular(output)):
        raise UsageError(
            "output-exists", f"{output} exists already", hint="--force replaces a file"
        )


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


def explain(error: OSError, path: Path, left: str = "nothing was left behind") -> HostError:
    """A failed write as an error that says why, and what is ``left`` of it.

    What is mounted from the file only sees that it fails, or becomes read-only, when the disk
    below is full.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or _is_full(path.parent):
        return HostError(
            "host-no-space",
            f"no space left while writing {path}",
            hint=f"free some space, or write to another file system; {left}",
        )
    return HostError(
        "host-write-failed",
        f"{path}: {error.strerror or error}",
        hint="look at the kernel's log (dmesg) for what happened to the disk",
    )


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _SCARCE
    except OSError:
        return False
