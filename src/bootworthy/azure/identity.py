"""What makes a source the same: a transfer is continued only from the image it began with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from bootworthy.disk.container import Container
from bootworthy.disk.sizes import KIB

# Enough to tell images that were written by different runs, little enough to read at once.
_SAMPLE = 64 * KIB
_SAMPLES = 64


def identity_of(container: Container) -> str:
    """A digest of the image's files (size, time of change), its disk's size and samples of it.

    Paths and devices are left out: they change when a disk is mounted elsewhere after a reboot.
    """
    digest = hashlib.sha256()
    digest.update(f"{container.format} {container.virtual_size} {state_of(container)}".encode())
    for offset in _places(container.virtual_size):
        digest.update(container.pread(offset, _SAMPLE))
    return digest.hexdigest()


def state_of(container: Container) -> str:
    """Sizes and times of the image's files; another text when one was written since."""
    return " ".join(_file_state(file.fd, file.size) for file in container.files())


def _file_state(fd: int, size: int) -> str:
    status = os.fstat(fd)
    # A block device has no time of change that would say anything.
    return f"{size}:{status.st_size}:{0 if not status.st_size else status.st_mtime_ns}"


def _places(size: int) -> Iterator[int]:
    yield from range(0, size, max(size // _SAMPLES, _SAMPLE))
    yield max(size - _SAMPLE, 0)
