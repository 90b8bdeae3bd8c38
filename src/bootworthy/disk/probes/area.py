"""The bytes of one partition, as probes see them, and what a probe finds."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property

from bootworthy.disk.mbr import ReadAt

# btrfs has its superblock at 64 KiB, and nobody looks further for the first time.
_HEAD = 68 << 10


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a partition carries, in blkid's words; ``clean`` is False when it is known to be not."""

    kind: str
    uuid: str = ""
    label: str = ""
    clean: bool = True


class Area:
    """``size`` bytes at ``start`` of a disk; reading beyond them gives zeros."""

    def __init__(self, read_at: ReadAt, start: int, size: int) -> None:
        self._read_at = read_at
        self._start = start
        self.size = size

    @cached_property
    def _head(self) -> bytes:
        return self._read(0, _HEAD)

    def at(self, offset: int, size: int) -> bytes:
        """Exactly ``size`` bytes at ``offset``."""
        if offset >= 0 and offset + size <= _HEAD:
            return self._head[offset : offset + size]
        return self._read(offset, size)

    def _read(self, offset: int, size: int) -> bytes:
        inside = min(size, self.size - offset) if offset >= 0 else 0
        data = self._read_at(self._start + offset, inside) if inside > 0 else b""
        return data.ljust(size, b"\0")

    def little(self, offset: int, size: int) -> int:
        """A little-endian number of ``size`` bytes."""
        return int.from_bytes(self.at(offset, size), "little")

    def big(self, offset: int, size: int) -> int:
        """A big-endian number of ``size`` bytes."""
        return int.from_bytes(self.at(offset, size), "big")


def text_of(raw: bytes) -> str:
    """A label: up to the first zero byte, trailing white space left out."""
    return raw.split(b"\0")[0].decode("utf-8", "replace").rstrip()


def uuid_of(raw: bytes) -> str:
    """A UUID of 16 bytes in order; empty when all are zero."""
    return str(uuid.UUID(bytes=raw)) if any(raw) else ""
