"""Fixed VHD: the disk, sparse, and a footer behind it; what Azure accepts.

Source: Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format".
"""

from __future__ import annotations

from typing import ClassVar

from bootworthy.disk import footer
from bootworthy.disk.copying import write_at
from bootworthy.disk.writers.raw import RawWriter


class FixedVhdWriter(RawWriter):
    """Writes the disk as it is, then 512 bytes: sealing moves nothing."""

    name: ClassVar[str] = "vhd"
    title: ClassVar[str] = "fixed VHD"
    reads_as: ClassVar[str] = "vhd"

    def seal(self, fd: int) -> None:
        """Write the footer at the end of the disk."""
        write_at(fd, footer.build(self.size), self.size)
