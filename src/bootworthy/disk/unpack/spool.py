"""Bytes of unknown number, kept in a sparse temporary file that nobody else can see.

The file has no name, so it vanishes with the process, however that ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from bootworthy.disk.copying import write_at
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.sizes import GIB, KIB, MAX_VIRTUAL_SIZE, MIB, TIB
from bootworthy.model.errors import HostError, ImageError

_HOLE = 64 * KIB
_ZEROS = bytes(_HOLE)

# What is left free for everything else on that file system; asked after each 64 MiB.
_RESERVE = 256 * MIB
_ASK_AGAIN = 64 * MIB

# zstd makes 128 KiB of 4 bytes at most, deflate 1032 of one, a sparse disk in bzip2 less than this.
_MAX_RATIO = 100_000
_RATIO_FROM = 16 * GIB


def spool(source: HostFile, pieces: Iterable[bytes]) -> HostFile:
    """Keep ``pieces``, which ``source`` unpacks to, as a file; zeros become holes.

    Raises:
        ImageError: ``image-too-large`` for what no disk could be.
        HostError: ``host-no-space`` when the temporary directory has no room.
    """
    directory = _directory()
    try:
        fd = _open(directory)
        try:
            size = _Writer(source, fd, directory).write(pieces)
            os.ftruncate(fd, size)
            return HostFile(f"{source.path}, unpacked", fd)
        except BaseException:
            os.close(fd)
            raise
    except OSError as error:
        _no_room(source, directory, error.strerror or "", error)


class _Writer:
    def __init__(self, source: HostFile, fd: int, directory: Path) -> None:
        self._source = source
        self._fd = fd
        self._directory = directory
        self._size = 0
        self._written = 0
        self._asked = -_ASK_AGAIN

    def write(self, pieces: Iterable[bytes]) -> int:
        for piece in pieces:
            self._refuse_absurd(self._size + len(piece))
            for start in range(0, len(piece), _HOLE):
                self._write_block(piece[start : start + _HOLE], self._size + start)
            self._size += len(piece)
        return self._size

    def _write_block(self, block: bytes, offset: int) -> None:
        if block == _ZEROS[: len(block)]:
            return
        if self._written - self._asked >= _ASK_AGAIN:
            self._asked = self._written
            status = os.fstatvfs(self._fd)
            if status.f_bavail * status.f_frsize < _RESERVE + _ASK_AGAIN:
                _no_room(self._source, self._directory, "too little space is left")
        write_at(self._fd, block, offset)
        self._written += len(block)

    def _refuse_absurd(self, size: int) -> None:
        absurd = size > _RATIO_FROM and size // max(self._source.size, 1) > _MAX_RATIO
        if size > MAX_VIRTUAL_SIZE or absurd:
            raise ImageError(
                "image-too-large",
                f"{self._source.path}, of {self._source.size} bytes, unpacks to more than "
                f"{size} bytes; at most {MAX_VIRTUAL_SIZE // TIB} TiB and {_MAX_RATIO} to one "
                "are unpacked",
                hint="if it really holds a disk, unpack it by hand",
            )


def _directory() -> Path:
    # /tmp is often memory; /var/tmp is for what is large (file-hierarchy(7)).
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):  # noqa: S108
        return Path("/var/tmp")  # noqa: S108 - nothing there gets a name
    return Path(tempfile.gettempdir())


def _open(directory: Path) -> int:
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        # Some file systems have no files without names.
        fd, name = tempfile.mkstemp(dir=directory)
        Path(name).unlink()
        return fd


def _no_room(source: HostFile, directory: Path, why: str, cause: OSError | None = None) -> NoReturn:
    raise HostError(
        "host-no-space",
        f"{source.path} cannot be unpacked to {directory}: {why}",
        hint="make room there, or set TMPDIR to a directory with room for the unpacked disk",
    ) from cause
