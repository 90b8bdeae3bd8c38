"""The bytes that a compressed file stands for, piece by piece, in bounded memory.

Sources: RFC 1952 (gzip), the .xz file format 1.2.1, bzip2. Each allows several streams in a row:
bgzf, pixz and pbzip2 write nothing else.
"""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn, Protocol

from bootworthy.disk.deflate import DeflateError, Gunzip
from bootworthy.disk.formats.compressed import MAGICS
from bootworthy.disk.sizes import KIB, MIB
from bootworthy.disk.unpack import zstd_frames
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

# What follows a stream is copied once for each stream in a piece of input.
_INPUT = 64 * KIB
_OUTPUT = MIB

# xz -9 needs 65 MiB to decompress.
_XZ_MEMORY = 128 * MIB

# bgzf has 64 KiB in a stream. Millions of streams with nothing in them only take time.
_TINY = 4 * KIB
_MAX_TINY = 1 << 18


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def _xz() -> _Decoder:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": Gunzip,
    "xz": _xz,
    "bzip2": bz2.BZ2Decompressor,
}


def unpacked(file: HostFile, kind: str) -> Iterator[bytes]:
    """What ``file`` unpacks to, in pieces of at most a few MiB.

    Raises:
        ImageError: it is damaged, cut short, or followed by something else.
    """
    if kind == "zstd":
        return zstd_frames.unpacked(file)
    return _Reader(file, kind).pieces()


class _Reader:
    """Stream after stream to the end of the file."""

    def __init__(self, file: HostFile, kind: str) -> None:
        self._file = file
        self._kind = kind
        self._at = 0
        self._tiny = 0

    def pieces(self) -> Iterator[bytes]:
        rest = self._more()
        while rest:
            decoder = _DECODERS[self._kind]()
            size = 0
            for piece in self._stream(decoder, rest):
                size += len(piece)
                yield piece
            self._count(size)
            rest = self._next_stream(decoder.unused_data)

    def _more(self) -> bytes:
        data = self._file.pread(self._at, _INPUT)
        self._at += len(data)
        return data

    def _stream(self, decoder: _Decoder, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = decoder.decompress(data, _OUTPUT)
            except (DeflateError, OSError, ValueError, lzma.LZMAError) as error:
                self._damaged(error)
            if piece:
                yield piece
            if decoder.eof:
                return
            data = b"" if len(piece) == _OUTPUT else self._more()
            if not data and len(piece) < _OUTPUT:
                self._file.truncated(self._file.size + 1, f"{self._kind} stream")

    def _next_stream(self, rest: bytes) -> bytes:
        """What begins the next stream; zeros may fill the file up."""
        while True:
            while len(rest) < len(MAGICS["xz"]):
                more = self._more()
                if not more:
                    break
                rest += more
            if rest.startswith(MAGICS[self._kind]):
                return rest
            if rest.strip(b"\0"):
                padding = len(rest) - len(rest.lstrip(b"\0"))
                if not rest[padding:].startswith(MAGICS[self._kind][:1]) or not padding:
                    self._file.corrupt(f"something else follows the {self._kind} stream")
                rest = rest[padding:]
                continue
            if not (rest := self._more()):
                return b""

    def _count(self, size: int) -> None:
        self._tiny += size < _TINY
        if self._tiny > _MAX_TINY:
            raise ImageError(
                "image-too-complex",
                f"{self._file.path} has more than {_MAX_TINY} tiny {self._kind} streams",
                hint="unpack it and compress it again",
            )

    def _damaged(self, error: Exception) -> NoReturn:
        if "Memory usage limit" in str(error):
            raise ImageError(
                "image-too-complex",
                f"{self._file.path} needs more than {_XZ_MEMORY // MIB} MiB of memory to unpack",
                hint="unpack it by hand, or compress it with a smaller dictionary: xz -9",
            ) from error
        self._file.corrupt(f"its {self._kind} stream does not decompress before byte {self._at}")
