"""How far a file is unpacked, told while it is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.wrapped import WindowFile
from bootworthy.model.events import BytesMoved, Observer, StepFinished, StepStarted
from bootworthy.model.quantities import human_size

_TITLE = "Unpack the image"

# Seconds between two words on it: pieces are small, and a sparse disk comes out of few bytes.
_PAUSE = 0.1


class _Watched(WindowFile):
    """All of a file; ``observer`` hears how many bytes of it were read."""

    def __init__(self, file: HostFile, observer: Observer) -> None:
        super().__init__(file, 0, file.size, file.path)
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
        self._observer(BytesMoved(_TITLE, min(self._read, self.size), self.size))

    def finish(self) -> None:
        """Say that all is read."""
        self._read = self.size
        self._tell()


@contextmanager
def unpacking(file: HostFile, observer: Observer) -> Iterator[HostFile]:
    """``file`` as it is to be read while it is unpacked: a step with bytes that are done."""
    began = time.monotonic()
    observer(StepStarted(_TITLE))
    watched = _Watched(file, observer)
    try:
        yield watched
        watched.finish()
    finally:
        watched.close()
    observer(StepFinished(_TITLE, time.monotonic() - began, human_size(file.size)))
