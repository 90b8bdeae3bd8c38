"""Unpackers for what an initramfs or a kernel module is compressed with: in pieces, bounded."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Protocol

import lz4.block
import zstandard

# Input is fed in steps so small that what one step unpacks to stays below 70 MB: deflate grows
# 1032 times at most, and a zstd block (4 bytes at least) gives 128 KiB at most.
_DEFLATE_STEP = 64 << 10
_ZSTD_STEP = 1 << 10

# bzip2 and xz take a bound on the output instead.
_INPUT_STEP = 64 << 10
_OUTPUT_STEP = 1 << 20

# xz -9 needs 65 MiB; more than this is not meant to be unpacked at boot.
_LZMA_MEMORY = 256 << 20

# The kernel's own bound (lib/decompress_unzstd.c, ZSTD_WINDOWSIZE_MAX).
_ZSTD_WINDOW = 1 << 27

# The legacy frame, the only one the kernel reads: lib/decompress_unlz4.c.
LZ4_MAGIC = b"\x02\x21\x4c\x18"
LZ4_BLOCK = 8 << 20


class UnpackError(Exception):
    """The data is corrupt, ends early, needs too much, or its compression is not supported."""


class Unpacker(ABC):
    """One compressed stream at the start of ``data``; iterate once to get what it unpacks to.

    ``consumed`` is the number of input bytes it took, right once the iteration has ended.
    """

    name: ClassVar[str]

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.consumed = 0

    def __iter__(self) -> Iterator[bytes]:
        """The unpacked bytes, in pieces.

        Raises:
            UnpackError: see there.
        """
        try:
            yield from self._pieces()
        except _CODEC_ERRORS as error:
            raise UnpackError(f"its {self.name} data does not unpack: {error}") from error

    @abstractmethod
    def _pieces(self) -> Iterator[bytes]:
        """The unpacked bytes; errors of the library are let through."""

    def _ended_early(self) -> UnpackError:
        return UnpackError(f"its {self.name} data ends early")


class _Gzip(Unpacker):
    name = "gzip"

    def _pieces(self) -> Iterator[bytes]:
        decoder = zlib.decompressobj(wbits=31)
        while not decoder.eof and self.consumed < len(self._data):
            step = self._data[self.consumed : self.consumed + _DEFLATE_STEP]
            self.consumed += len(step)
            yield decoder.decompress(step)
        if not decoder.eof:
            raise self._ended_early()
        self.consumed -= len(decoder.unused_data)


class _Zstd(Unpacker):
    name = "zstd"

    def _pieces(self) -> Iterator[bytes]:
        library = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        decoder = library.decompressobj()
        while not decoder.eof and self.consumed < len(self._data):
            step = self._data[self.consumed : self.consumed + _ZSTD_STEP]
            self.consumed += len(step)
            yield decoder.decompress(step)
        if not decoder.eof:
            raise self._ended_early()
        self.consumed -= len(decoder.unused_data)


class _Decoder(Protocol):
    """What bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Bounded(Unpacker):
    """An unpacker whose library bounds the output of each call."""

    @abstractmethod
    def _decoder(self) -> _Decoder:
        """A fresh decoder."""

    def _pieces(self) -> Iterator[bytes]:
        decoder = self._decoder()
        while not decoder.eof:
            step = self._next_step() if decoder.needs_input else b""
            yield decoder.decompress(step, _OUTPUT_STEP)
        self.consumed -= len(decoder.unused_data)

    def _next_step(self) -> bytes:
        step = bytes(self._data[self.consumed : self.consumed + _INPUT_STEP])
        if not step:
            raise self._ended_early()
        self.consumed += len(step)
        return step


class _Bzip2(_Bounded):
    name = "bzip2"

    def _decoder(self) -> _Decoder:
        return bz2.BZ2Decompressor()


class _Xz(_Bounded):
    name = "xz"

    def _decoder(self) -> _Decoder:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)


class _Lzma(_Bounded):
    name = "lzma"

    def _decoder(self) -> _Decoder:
        return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY)


class _Lz4(Unpacker):
    """Blocks of up to 8 MiB, each after its size; a size of zero or the end of data ends them."""

    name = "lz4"

    def _pieces(self) -> Iterator[bytes]:
        if self._data[: len(LZ4_MAGIC)] != LZ4_MAGIC:
            raise UnpackError("its lz4 data is not of the legacy kind")
        while self.consumed + 4 <= len(self._data):
            (size,) = struct.unpack_from("<I", self._data, self.consumed)
            self.consumed += 4
            if size == 0:
                return
            if size == int.from_bytes(LZ4_MAGIC, "little"):
                continue
            yield self._block(size)

    def _block(self, size: int) -> bytes:
        block = self._data[self.consumed : self.consumed + size]
        if len(block) < size:
            raise self._ended_early()
        self.consumed += size
        return bytes(lz4.block.decompress(block, uncompressed_size=LZ4_BLOCK))


class _Lzo(Unpacker):
    name = "lzo"

    def _pieces(self) -> Iterator[bytes]:
        raise UnpackError("it is compressed with lzo, which cannot be checked")


_CODEC_ERRORS = (
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    lz4.block.LZ4BlockError,
    OSError,
    EOFError,
    ValueError,
    MemoryError,
)

# The kernel goes by these two bytes (lib/decompress.c, compressed_formats).
_BY_MAGIC: dict[bytes, type[Unpacker]] = {
    b"\x1f\x8b": _Gzip,
    b"\x1f\x9e": _Gzip,
    b"BZ": _Bzip2,
    b"\x5d\x00": _Lzma,
    b"\xfd7": _Xz,
    b"\x89L": _Lzo,
    b"\x02\x21": _Lz4,
    b"\x28\xb5": _Zstd,
}


def unpacker(data: memoryview) -> Unpacker | None:
    """The unpacker for the stream at the start of ``data``, None when it is none we know."""
    kind = _BY_MAGIC.get(bytes(data[:2]))
    return kind(data) if kind else None


def unpack(data: bytes, limit: int) -> bytes:
    """The whole of one compressed stream, or ``data`` itself when it is not compressed.

    Raises:
        UnpackError: see there; also when it holds more than ``limit`` bytes.
    """
    stream = unpacker(memoryview(data))
    if stream is None:
        return data
    pieces: list[bytes] = []
    total = 0
    for piece in stream:
        total += len(piece)
        if total > limit:
            raise UnpackError(f"its {stream.name} data unpacks to more than {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)
