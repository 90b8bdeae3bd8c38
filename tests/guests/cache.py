"""Build a file once, share it between test workers, and forget it when nobody asks any more."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "guests"
"""Beside the checkout, ignored by git."""

Maker = Callable[[Path, Path], None]
"""Writes the file at the first path, with the second, an empty directory, to work in."""

UNUSED_FOR = 24 * 3600.0
"""Seconds after which a file of an older recipe is removed."""


def digest(*parts: str | bytes) -> str:
    """A short name for everything that decides what a built file contains."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:16]


def cached(stem: str, key: str, suffix: str, make: Maker) -> Path:
    """The file ``stem-key.suffix`` of the cache, made first if it is not there.

    ``make`` gets the path to write and an empty scratch directory on the same file system. A
    second process that wants the same file waits for the first. The file appears whole or not at
    all, and is read-only from then on.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = CACHE / f"{stem}-{key}{suffix}"
    with _locked(wanted):
        if not wanted.exists():
            _make(wanted, make)
            _forget_unused(stem, suffix)
    return wanted


def _make(wanted: Path, make: Maker) -> None:
    scratch = CACHE / f"{wanted.name}.scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        partial = scratch / wanted.name
        work = scratch / "work"
        work.mkdir()
        make(partial, work)
        partial.chmod(0o444)
        partial.rename(wanted)
    finally:
        shutil.rmtree(scratch)


@contextmanager
def _locked(wanted: Path) -> Iterator[None]:
    """Hold the lock of one cached file; the lock's own time says when it was last asked for."""
    with _lock_of(wanted).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(lock.fileno())
        yield


def _lock_of(wanted: Path) -> Path:
    return wanted.with_name(f".{wanted.name}.lock")


def _forget_unused(stem: str, suffix: str) -> None:
    oldest = time.time() - UNUSED_FOR
    for old in CACHE.glob(f"{stem}-*{suffix}"):
        lock = _lock_of(old)
        if lock.exists() and lock.stat().st_mtime < oldest:
            old.unlink()
            lock.unlink()
