"""A flat table of 32-bit block numbers, as VDI and Parallels have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bootworthy.disk.extents import Ints, Rows, clip, joined, merge, refuse_too_many
from bootworthy.disk.placement import refuse_beyond, refuse_shared
from bootworthy.disk.sizes import MIB
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

# Maps 64 TiB in blocks of 1 MiB.
_MAX_TABLE = 256 * MIB
_BATCH = 1 << 18


@dataclass(frozen=True, kw_only=True)
class BlockTable:
    """``blocks`` little-endian words at ``offset`` of ``file``."""

    file: HostFile
    offset: int
    blocks: int

    def read(self, to_rows: Callable[[Ints, Ints], Rows], size: int) -> Rows:
        """The rows of a disk of ``size`` bytes; ``to_rows`` gets numbers of blocks, and entries.

        Raises:
            ImageError: the file ends before the table or before the blocks, two places share a
                block, or there are too many.
        """
        if self.blocks * 4 > _MAX_TABLE:
            raise ImageError(
                "image-too-complex",
                f"{self.file.path} has {self.blocks} blocks, a table of more than 256 MiB",
                hint="convert it with larger blocks: qemu-img convert -O qcow2 IMAGE OUT.qcow2",
            )
        if self.offset + self.blocks * 4 > self.file.size:
            self.file.truncated(self.offset + self.blocks * 4, "block table")
        rows = clip(self._all_rows(to_rows), size)
        refuse_shared(self.file, rows)
        refuse_beyond(self.file, rows)
        return rows

    def _all_rows(self, to_rows: Callable[[Ints, Ints], Rows]) -> Rows:
        batches: list[Rows] = []
        total = 0
        for start in range(0, self.blocks, _BATCH):
            count = min(_BATCH, self.blocks - start)
            raw = self.file.pread_exact(self.offset + start * 4, count * 4, "block table")
            entries = np.frombuffer(raw, "<u4").astype(np.int64)
            batches.append(merge(to_rows(np.arange(start, start + count), entries)))
            total += len(batches[-1])
            refuse_too_many(total)
        return merge(joined(batches))
