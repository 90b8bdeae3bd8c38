"""Initramfs images made by hand, independent of the code under test."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Mapping

import lz4.block
import zstandard

DIRECTORY = 0o040755
FILE = 0o100644
LINK = 0o120777


def entry(
    name: str, data: bytes = b"", *, mode: int = FILE, links: int = 1, magic: str = "070701"
) -> bytes:
    """One newc entry (cpio(5))."""
    raw = name.encode() + b"\0"
    fields = [7, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(raw), 0]
    head = magic.encode() + b"".join(b"%08x" % field for field in fields) + raw
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def trailer() -> bytes:
    """The end of an archive, padded as GNU cpio pads it."""
    return entry("TRAILER!!!", mode=0)


def archive(files: Mapping[str, bytes | str]) -> bytes:
    """An archive of files; a name with a trailing slash is a directory."""
    parts = [
        entry(name.rstrip("/"), mode=DIRECTORY)
        if name.endswith("/")
        else entry(name, data.encode() if isinstance(data, str) else data)
        for name, data in files.items()
    ]
    whole = b"".join([*parts, trailer()])
    return whole + bytes(-len(whole) % 512)


def lz4_legacy(data: bytes) -> bytes:
    """The legacy frame, in blocks of 8 MiB."""
    parts = [b"\x02\x21\x4c\x18"]
    for start in range(0, len(data), 8 << 20):
        block = lz4.block.compress(data[start : start + (8 << 20)], store_size=False)
        parts += [len(block).to_bytes(4, "little"), block]
    return b"".join(parts)


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "bzip2": bz2.compress,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "lz4": lz4_legacy,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}
