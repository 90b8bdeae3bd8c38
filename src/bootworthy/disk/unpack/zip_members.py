"""Zip archives that say two things about one member, which tools would unpack differently.

Source: PKWARE, APPNOTE.TXT 6.3.10: 4.3.7 (local file header), 4.3.12 (central directory), 4.4.4
(general purpose bit flag), 4.5.3 (Zip64 extended information). The standard library compares no
more than the names, and only later releases look for members that overlap (CVE-2024-0450).
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zipfile import ZipInfo

    from bootworthy.disk.hostfile import HostFile

# Signature, version, flags, method, time, date, CRC, both sizes, lengths of name and extra field.
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_SIGNATURE = b"PK\x03\x04"
ENCRYPTED = 1 << 0
# The sizes and the CRC follow the data; the header may leave them zero.
_SIZES_FOLLOW = 1 << 3

_ZIP64 = 1
_IN_ZIP64 = 0xFFFF_FFFF
_RECORD = struct.Struct("<HH")
_BOTH_SIZES = struct.Struct("<QQ")
_NO_SIZE = -1

# Where the directory is found, 4.3.16; a comment that holds one makes two directories possible.
_END_SIGNATURE = b"PK\x05\x06"
_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class Directory:
    """The directory of the zip archive ``file``: it begins at byte ``start``."""

    file: HostFile
    members: Sequence[ZipInfo]
    start: int
    comment: bytes

    def refuse_ambiguous(self) -> None:
        """Make sure that there is one directory, and one member of each name.

        Raises:
            ImageError: ``image-corrupt``.
        """
        if _END_SIGNATURE in self.comment:
            self.file.corrupt("its zip directory may be one of two: a comment holds another end")
        counts = Counter(info.filename for info in self.members)
        twice = next((name for name, count in counts.items() if count > 1), None)
        if twice is not None:
            self.file.corrupt(
                f"{counts[twice]} members of the zip archive are called {twice[:_SHOWN]!r}"
            )
        if self.members and min(info.header_offset for info in self.members) != 0:
            self.file.corrupt("it does not begin with the first member of its zip directory")

    def refuse_contradictions(self, member: ZipInfo) -> None:
        """Make sure that what stands before the data of ``member`` is what the directory says.

        Raises:
            ImageError: ``image-corrupt``; ``image-truncated``.
        """
        raw = self.file.pread_exact(member.header_offset, _LOCAL.size, "zip member")
        header = _LocalHeader(*_LOCAL.unpack(raw))
        name = member.filename[:_SHOWN]
        if header.signature != _SIGNATURE:
            self.file.corrupt(f"there is no zip header before its member {name!r}")
        start = member.header_offset + _LOCAL.size + header.name_length
        extra = self.file.pread_exact(start, header.extra_length, "zip member")
        for what in header.contradictions(member, extra):
            self.file.corrupt(f"its zip directory and its member {name!r} differ in the {what}")
        self._refuse_overlap(member, start + header.extra_length + member.compress_size)

    def _refuse_overlap(self, member: ZipInfo, end: int) -> None:
        if end > self.start:
            self.file.corrupt(f"its member {member.filename[:_SHOWN]!r} reaches into the directory")
        for other in self.members:
            # At least so long: what stands before the data of others was not read.
            its_end = other.header_offset + _LOCAL.size + other.compress_size
            if other is not member and other.header_offset < end and its_end > member.header_offset:
                names = f"{member.filename[:_SHOWN]!r} and {other.filename[:_SHOWN]!r}"
                self.file.corrupt(f"its members {names} overlap")


@dataclass(frozen=True)
class _LocalHeader:
    """What stands before the data of a member."""

    signature: bytes
    version: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    stored: int
    size: int
    name_length: int
    extra_length: int

    def contradictions(self, member: ZipInfo, extra: bytes) -> Iterator[str]:
        """In what the directory says something else."""
        if self.method != member.compress_type:
            yield "compression method"
        if (self.flags ^ member.flag_bits) & ENCRYPTED:
            yield "encryption"
        size, stored = self._sizes(extra)
        if not self._agrees(size, member.file_size):
            yield "size"
        if not self._agrees(stored, member.compress_size):
            yield "compressed size"
        if not self._agrees(self.crc, member.CRC):
            yield "checksum"

    def _agrees(self, told: int, expected: int) -> bool:
        return told == expected or (told == 0 and bool(self.flags & _SIZES_FOLLOW))

    def _sizes(self, extra: bytes) -> tuple[int, int]:
        """Decoded and stored size, those that do not fit taken from the Zip64 field."""
        size, stored = _zip64_sizes(extra)
        return (
            size if self.size == _IN_ZIP64 else self.size,
            stored if self.stored == _IN_ZIP64 else self.stored,
        )


def _zip64_sizes(extra: bytes) -> tuple[int, int]:
    """The sizes in a header's extra field, both of which have to be there; else -1."""
    while len(extra) >= _RECORD.size:
        kind, length = _RECORD.unpack_from(extra)
        if kind == _ZIP64 and length >= _BOTH_SIZES.size <= len(extra) - _RECORD.size:
            size, stored = _BOTH_SIZES.unpack_from(extra, _RECORD.size)
            return size, stored
        extra = extra[_RECORD.size + length :]
    return _NO_SIZE, _NO_SIZE
