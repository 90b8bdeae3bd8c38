"""The file that a download writes: sparse, and under its name only when it is whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootworthy.model.errors import HostError, UsageError

_SUFFIX = ".partial"


@contextmanager
def new_file(path: Path, size: int, *, force: bool) -> Iterator[int]:
    """A descriptor of a file of ``size`` zeros that gets its name when the block ends well.

    Otherwise nothing is left behind.

    Raises:
        UsageError: ``output-exists`` without ``force``.
        HostError: it cannot be made or written, or another run is writing it.
    """
    _refuse_existing(path, force=force)
    partial = path.with_name(path.name + _SUFFIX)
    with _explained(partial):
        fd = _claim(partial)
    try:
        with _explained(partial):
            os.ftruncate(fd, size)
            yield fd
            os.fsync(fd)
            _refuse_existing(path, force=force)
            partial.rename(path)
            _sync(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        raise
    finally:
        os.close(fd)


def _refuse_existing(path: Path, *, force: bool) -> None:
    if os.path.lexists(path) and (not force or not path.is_file()):
        raise UsageError("output-exists", f"{path} exists already", hint="--force replaces a file")


def _claim(partial: Path) -> int:
    """A new, locked file; what a killed run left under that name goes."""
    with contextlib.suppress(FileNotFoundError):
        fd = os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()
        finally:
            os.close(fd)
    fd = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _explained(partial: Path) -> Iterator[None]:
    try:
        yield
    except BlockingIOError as error:
        raise HostError(
            "output-busy", f"another run is writing {partial}", hint="wait for it, or end it"
        ) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise HostError(
            "host-no-space" if full else "host-write-failed",
            f"{partial}: {error.strerror}",
            hint="free some space" if full else "choose another folder",
        ) from error
