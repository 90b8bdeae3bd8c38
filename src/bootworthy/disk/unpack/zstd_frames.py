"""A file of zstd frames, decoded some blocks at a time.

The blocks are told apart here because the library alone neither bounds what one call returns nor
tells that the last frame is cut short. Source: RFC 8878, 3.1.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, NoReturn

import zstandard

from bootworthy.disk.sizes import KIB, MIB
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

_SKIPPABLE = range(0x184D_2A50, 0x184D_2A60)
_MAX_HEADER = 18
# Block_Maximum_Size.
_MAX_BLOCK = 128 * KIB
_RLE, _RESERVED = 1, 3
_CHECKSUM = 4

# What zstd itself takes without being asked: --long=27.
_MAX_WINDOW = 128 * MIB

_INPUT = 4 * MIB
_BLOCKS_AT_ONCE = 16
_MAX_FRAMES = 1 << 18
_MAX_EMPTY = 1 << 20


def unpacked(file: HostFile) -> Iterator[bytes]:
    """What the frames hold, in pieces of at most 2 MiB.

    Raises:
        ImageError: they are damaged, cut short, or followed by something else.
    """
    reader = _Reader(file)
    at = 0
    for _ in range(_MAX_FRAMES):
        if at >= file.size:
            return
        skipped = _skipped(file, at)
        if skipped:
            at += skipped
        else:
            at = yield from _frame(reader, at)
    _too_many(file)


def _skipped(file: HostFile, at: int) -> int:
    """The length of a skippable frame at ``at``; 0 when it is another one."""
    magic, length = struct.unpack("<II", file.pread_exact(at, 8, "zstd frame"))
    if magic not in _SKIPPABLE:
        return 0
    if at + 8 + length > file.size:
        file.truncated(at + 8 + length, "zstd frame")
    return 8 + int(length)


class _Reader:
    """Reads a file mostly forward, from a buffer."""

    def __init__(self, file: HostFile) -> None:
        self.file = file
        self._start = 0
        self._buffer = b""
        self.empty = 0

    def take(self, at: int, size: int) -> bytes:
        begin = at - self._start
        if begin < 0 or begin + size > len(self._buffer):
            self._start, self._buffer = at, self.file.pread(at, max(size, _INPUT))
            begin = 0
        data = self._buffer[begin : begin + size]
        if len(data) < size:
            self.file.truncated(at + size, "zstd frame")
        return data


def _frame(reader: _Reader, at: int) -> Generator[bytes, None, int]:
    """Decode the frame at ``at``; returns where it ends."""
    file = reader.file
    length, checksum = _header(file, at)
    decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
    begin, position, blocks, last = at, at + length, 0, False
    while not last:
        last, size = _block(reader, position)
        position += size
        blocks += 1
        if last:
            position += _CHECKSUM * checksum
        if last or blocks == _BLOCKS_AT_ONCE:
            try:
                yield decoder.decompress(reader.take(begin, position - begin))
            except zstandard.ZstdError:
                file.corrupt(f"its zstd stream does not decompress at byte {begin}")
            begin, blocks = position, 0
    if not decoder.eof:
        file.corrupt(f"the zstd frame at byte {at} does not end where it should")
    return position


def _header(file: HostFile, at: int) -> tuple[int, bool]:
    raw = file.pread(at, _MAX_HEADER)
    try:
        parameters = zstandard.get_frame_parameters(raw)
        length = zstandard.frame_header_size(raw)
    except (zstandard.ZstdError, ValueError):
        file.corrupt(f"at byte {at} no zstd frame begins")
    if parameters.dict_id or parameters.window_size > _MAX_WINDOW:
        raise ImageError(
            "image-too-complex",
            f"{file.path} needs a dictionary, or more than {_MAX_WINDOW // MIB} MiB, to unpack",
            hint="unpack it by hand, or compress it without --ultra --long",
        )
    return length, bool(parameters.has_checksum)


def _block(reader: _Reader, at: int) -> tuple[bool, int]:
    """Whether a block is the last, and how long it is with its header of three bytes."""
    word = int.from_bytes(reader.take(at, 3), "little")
    kind, size = word >> 1 & 3, word >> 3
    if kind == _RESERVED or size > _MAX_BLOCK:
        reader.file.corrupt(f"the zstd block at byte {at} has {size} bytes of kind {kind}")
    reader.empty += size == 0
    if reader.empty > _MAX_EMPTY:
        _too_many(reader.file)
    return bool(word & 1), 3 + (1 if kind == _RLE else size)


def _too_many(file: HostFile) -> NoReturn:
    raise ImageError(
        "image-too-complex",
        f"{file.path} has more than {_MAX_FRAMES} zstd frames, or {_MAX_EMPTY} empty blocks",
        hint="unpack it and compress it again",
    )
