"""Packers for what an initramfs may be compressed with, in the forms the kernel unpacks.

The levels are the fast ones: an image is a few percent larger than its generator made it.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping

import lz4.block
import zstandard

from bootworthy.guest.facts.decompress import LZ4_BLOCK, LZ4_MAGIC


def pack(name: str, data: bytes) -> bytes:
    """``data`` compressed as ``name`` says, by the names that ``Initramfs.compression`` has.

    Raises:
        KeyError: there is no packer of that name.
    """
    return _PACKERS[name](data)


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(data) + packer.flush()


def _zstd(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(level=3, threads=-1, write_checksum=True)
    return packer.compress(data)


def _xz(data: bytes) -> bytes:
    # The kernel's decoder knows no other check but CRC-32 (Documentation/staging/xz.rst).
    return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=0)


def _lzma(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE, preset=0)


def _bzip2(data: bytes) -> bytes:
    return bz2.compress(data, compresslevel=9)


def _lz4(data: bytes) -> bytes:
    parts = [LZ4_MAGIC]
    for start in range(0, len(data), LZ4_BLOCK):
        block = lz4.block.compress(data[start : start + LZ4_BLOCK], store_size=False)
        parts += [len(block).to_bytes(4, "little"), block]
    return b"".join(parts)


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "bzip2": _bzip2,
    "gzip": _gzip,
    "lz4": _lz4,
    "lzma": _lzma,
    "xz": _xz,
    "zstd": _zstd,
}
