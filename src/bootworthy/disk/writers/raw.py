"""Raw: the file is the disk, sparse."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import ClassVar

from bootworthy.disk.copying import straight
from bootworthy.disk.writers.writer import Writer


class RawWriter(Writer):
    """Writes the disk and nothing else."""

    name: ClassVar[str] = "raw"
    title: ClassVar[str] = "raw disk"
    reads_as: ClassVar[str] = "raw"

    def lay_out(self, fd: int) -> None:
        """As long as the disk; a footer that was written before goes."""
        os.ftruncate(fd, self.size)

    def place(self, guest: int, length: int) -> Iterable[tuple[int | None, int]]:
        """The offset itself."""
        return straight(guest, length)

    def seal(self, fd: int) -> None:
        """Nothing: the disk is the file."""
