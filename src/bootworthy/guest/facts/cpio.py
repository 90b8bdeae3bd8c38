"""cpio archives of the "newc" kind, as Linux unpacks them (init/initramfs.c), and their writing.

The kernel sees one stream of entries: each starts at a multiple of four, zero bytes between them
are skipped, and the entry TRAILER!!! marks the end of an archive without ending the stream.
"""

from __future__ import annotations

import binascii
import posixpath
import re
import stat
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

TRAILER = "TRAILER!!!"
MAGICS = (b"070701", b"070702")

_HEADER = 110
_FIELDS = struct.Struct(">13I")

# include/uapi/linux/limits.h: the kernel skips entries with longer names.
_PATH_MAX = 4096

# The largest initramfs seen holds 30,000 entries; these bounds keep a hostile one from filling
# the memory.
_MAX_ENTRIES = 500_000
_MAX_NAMES = 64 << 20
_MAX_KEPT = 16 << 20
_MAX_UNPACKED = 1 << 30

_NOT_ZERO = re.compile(rb"[^\0]")


class ArchiveError(Exception):
    """The archive is not what the kernel could unpack whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``data`` is None unless it was asked for."""

    name: str
    mode: int
    size: int
    links: int
    data: bytes | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


class Budget:
    """What may still be unpacked, listed and kept before an initramfs counts as hostile."""

    def __init__(self) -> None:
        self._unpacked = _MAX_UNPACKED
        self._entries = _MAX_ENTRIES
        self._names = _MAX_NAMES
        self._kept = _MAX_KEPT

    def unpack(self, size: int) -> None:
        """Count unpacked bytes."""
        self._unpacked -= size
        if self._unpacked < 0:
            raise ArchiveError(f"it unpacks to more than {_MAX_UNPACKED >> 20} MiB")

    def enter(self, name: bytes) -> None:
        """Count an entry."""
        self._entries -= 1
        self._names -= len(name)
        if self._entries < 0 or self._names < 0:
            raise ArchiveError(f"it has more than {_MAX_ENTRIES} entries, or very long names")

    def may_keep(self, size: int) -> bool:
        """Count the contents of a file, unless there is no room for it."""
        if size > self._kept:
            return False
        self._kept -= size
        return True


class ByteStream:
    """Bytes that come in pieces, read from front to back; ``offset`` is how many are behind."""

    def __init__(self, pieces: Iterable[bytes | memoryview], budget: Budget | None = None) -> None:
        self._pieces = iter(pieces)
        self._budget = budget
        self._piece: bytes | memoryview = b""
        self._at = 0
        self.offset = 0

    def _fill(self) -> bool:
        """Have at least one byte in the piece at hand, if there is any left."""
        while self._at >= len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            if self._budget:
                self._budget.unpack(len(piece))
            self._piece, self._at = piece, 0
        return True

    def _advance(self, count: int) -> None:
        self._at += count
        self.offset += count

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer at the end."""
        parts: list[bytes] = []
        while count and self._fill():
            part = bytes(self._piece[self._at : self._at + count])
            self._advance(len(part))
            count -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def skip(self, count: int) -> bool:
        """Go ``count`` bytes on; False when there are fewer."""
        while count and self._fill():
            step = min(count, len(self._piece) - self._at)
            self._advance(step)
            count -= step
        return not count

    def skip_zeros(self) -> bool:
        """Go on to the next byte that is not zero; False when there is none."""
        while self._fill():
            found = _NOT_ZERO.search(self._piece, self._at)
            self._advance((found.start() if found else len(self._piece)) - self._at)
            if found:
                return True
        return False

    def peek(self) -> bytes:
        """The next byte; empty at the end."""
        return bytes(self._piece[self._at : self._at + 1]) if self._fill() else b""

    def at_entry(self) -> bool:
        """Whether an entry may start here: the kernel looks for ``0`` at a multiple of four."""
        return self.offset % 4 == 0 and self.peek() == b"0"


def read_entry(stream: ByteStream, budget: Budget, wanted: Callable[[str, int], bool]) -> Entry:
    """The entry that starts here; the stream is then at the end of its padding.

    ``wanted`` says by name and size whether to keep a regular file's contents.

    Raises:
        ArchiveError: it is damaged, or the budget is used up.
    """
    start = stream.offset
    mode, links, size, name_length = _header(stream, start)
    raw = stream.take(_to_four(_HEADER + name_length) - _HEADER)
    if len(raw) < name_length:
        raise ArchiveError(f"it ends inside the entry at offset {start}")
    budget.enter(raw)
    name = raw[:name_length].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    keep = stat.S_ISREG(mode) and wanted(name, size) and budget.may_keep(size)
    data = stream.take(size) if keep else None
    whole = len(data) == size if data is not None else stream.skip(size)
    if not whole:
        raise ArchiveError(f"it ends inside {name}")
    stream.skip(-stream.offset % 4)
    return Entry(name, mode, size, links, data)


def _header(stream: ByteStream, start: int) -> tuple[int, int, int, int]:
    """Mode, number of links, size of the contents and length of the name with its NUL."""
    raw = stream.take(_HEADER)
    if len(raw) < _HEADER:
        raise ArchiveError(f"it ends inside the entry at offset {start}")
    if raw[:6] not in MAGICS:
        raise ArchiveError(f"it has no cpio entry of the newc kind at offset {start}")
    try:
        fields = _FIELDS.unpack(binascii.unhexlify(raw[6:]))
    except binascii.Error:
        raise ArchiveError(f"the cpio header at offset {start} is not hexadecimal") from None
    mode, links, size, name_length = fields[1], fields[4], fields[6], fields[11]
    if not 0 < name_length <= _PATH_MAX:
        raise ArchiveError(f"the entry at offset {start} has a name of {name_length} bytes")
    return mode, links, size, name_length


def read_archive(
    stream: ByteStream, budget: Budget, wanted: Callable[[str, int], bool]
) -> Iterator[Entry]:
    """The entries of a whole stream, trailers left out.

    Raises:
        ArchiveError: it is damaged, ends early, or the budget is used up.
    """
    while stream.skip_zeros():
        if not stream.at_entry():
            raise ArchiveError(f"it has no cpio entry at offset {stream.offset} of its contents")
        entry = read_entry(stream, budget, wanted)
        if entry.name != TRAILER:
            yield entry


def clean_name(name: str) -> str:
    """An entry's name without the ``./`` or ``/`` that some archives put in front."""
    return posixpath.normpath(name).lstrip("/") if name else ""


def without(archive: bytes, names: Collection[str]) -> bytes:
    """An archive less the files of these clean names, ready for more entries: it has no trailer.

    Raises:
        ArchiveError: see ``read_archive``; also when one of the files has several names, because
            the contents of all of them stand at one alone.
    """
    stream = ByteStream([archive])
    budget = Budget()
    kept: list[bytes] = []
    trailer = 0
    while stream.skip_zeros():
        start = stream.offset
        entry = read_entry(stream, budget, lambda _name, _size: False)
        if entry.is_file and clean_name(entry.name) in names:
            if entry.links > 1:
                raise ArchiveError(f"{entry.name} inside shares its contents with another file")
            continue
        kept.append(archive[start : stream.offset])
        trailer = len(kept) if entry.name == TRAILER else trailer
    # Links between files are known by inode numbers, which mean nothing across a trailer: those
    # between archives stay.
    if trailer == len(kept):
        kept = kept[:-1]
    return b"".join(kept)


def _to_four(number: int) -> int:
    return (number + 3) & ~3


def format_entry(inode: int, name: str, mode: int, data: bytes = b"") -> bytes:
    """One entry that belongs to root and has no date, so that the same input gives the same bytes.

    ``inode`` tells files of one archive apart.
    """
    raw = name.encode("utf-8", "surrogateescape") + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = MAGICS[0] + "".join(f"{field:08X}" for field in fields).encode() + raw
    return _padded(_padded(head) + data)


def format_archive(entries: Iterable[tuple[str, int, bytes]]) -> bytes:
    """An archive of ``(name, mode, data)`` in the order given, its trailer last."""
    body = [format_entry(number, *entry) for number, entry in enumerate(entries, start=1)]
    return b"".join([*body, format_entry(0, TRAILER, 0)])


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
