"""How far a file is read that is unpacked or checked first, told meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.wrapped import WindowFile
from bootworthy.model.events import BytesMoved, Observer, StepFinished, StepStarted
from bootworthy.model.quantities import human_size

# Seconds between two words on it: pieces are small, and a sparse disk comes out of few bytes.
_PAUSE = 0.1


class _Watched(WindowFile):
    """All of a file; ``observer`` hears how many bytes of it were read in the step ``title``."""

    def __init__(self, file: HostFile, title: str, observer: Observer) -> None:
        super().__init__(file, 0, file.size, file.path)
        self._title = title
        self._observer = observer
        self._read = 0
        self._told = 0.0

    def _pread_once(self, offset: int, size: int) -> bytes:
        data = super()._pread_once(offset, size)
        self._read += len(data)
        now = time.monotonic()
        if now - self._told >= _PAUSE:
            self._told = now
            self._tell()
        return data

    def _tell(self) -> None:
        # A directory is read more than once.
        self._observer(BytesMoved(self._title, min(self._read, self.size), self.size))

    def finish(self) -> None:
        """Say that all is read."""
        self._read = self.size
        self._tell()


@contextmanager
def unpacking(file: HostFile, observer: Observer) -> Iterator[HostFile]:
    """``file`` as it is to be read while it is unpacked: a step with bytes that are done."""
    with watching(file, "Unpack the image", observer) as watched:
        yield watched


@contextmanager
def watching(file: HostFile, title: str, observer: Observer) -> Iterator[HostFile]:
    """``file`` as it is to be read in the step ``title``, which tells how many bytes are done."""
    began = time.monotonic()
    observer(StepStarted(title))
    watched = _Watched(file, title, observer)
    try:
        yield watched
        watched.finish()
    finally:
        watched.close()
    observer(StepFinished(title, time.monotonic() - began, human_size(file.size)))
