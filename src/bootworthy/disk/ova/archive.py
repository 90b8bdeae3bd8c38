"""The members of a tar archive, where they lie; nothing is extracted.

Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar's long
names. The standard library takes one header apart; its reader believes what headers say of sizes.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bootworthy.disk.sizes import KIB
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
# An OVA has a handful.
_MAX_MEMBERS = 10_000
_MAX_EXTENSION = 64 * KIB

_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_EXTENDED = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)


@dataclass(frozen=True)
class Member:
    """A regular file of ``size`` bytes that begins at byte ``start`` of the archive."""

    name: str
    start: int
    size: int


def members(file: HostFile) -> dict[str, Member]:
    """The regular files of the archive, by name.

    Raises:
        ImageError: it is damaged, cut short, or has members that no image needs: links, devices,
            names outside the archive.
    """
    reader = _Reader(file)
    for _ in range(_MAX_MEMBERS):
        if not reader.step():
            return reader.found
    raise ImageError(
        "image-too-complex",
        f"{file.path} is a tar archive of more than {_MAX_MEMBERS} members",
        hint="unpack it first, then name the disk image inside",
    )


class _Reader:
    def __init__(self, file: HostFile) -> None:
        self.found: dict[str, Member] = {}
        self._file = file
        self._at = 0
        self._name = ""
        self._size: int | None = None

    def step(self) -> bool:
        """Read one header and what belongs to it; False at the end."""
        raw = self._file.pread(self._at, _BLOCK)
        if not raw or raw == _ZEROS:
            return False
        try:
            info = tarfile.TarInfo.frombuf(raw, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError):
            self._file.corrupt(f"there is no tar header at byte {self._at}")
        start = self._at + _BLOCK
        is_extension = info.type in (*_EXTENDED, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME)
        size = info.size if is_extension or self._size is None else self._size
        if size < 0:
            self._file.corrupt(f"the tar member at byte {self._at} has {size} bytes")
        if start + size > self._file.size:
            self._file.truncated(start + size, "tar member")
        if is_extension:
            self._extend(info.type, start, size)
        else:
            self._add(info, start, size)
        self._at = start + -(-size // _BLOCK) * _BLOCK
        return True

    def _extend(self, kind: bytes, start: int, size: int) -> None:
        if size > _MAX_EXTENSION:
            self._file.corrupt(f"a tar header would have {size} bytes more")
        data = self._file.pread_exact(start, size, "tar header")
        if kind == tarfile.GNUTYPE_LONGNAME:
            self._name = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
        elif kind in _EXTENDED:
            self._apply(self._records(data))

    def _records(self, data: bytes) -> dict[bytes, bytes]:
        """Records of the form ``length key=value newline``."""
        records: dict[bytes, bytes] = {}
        while data.rstrip(b"\0"):
            digits, _, _ = data.partition(b" ")
            length = int(digits) if digits.isdigit() and len(digits) < 8 else 0  # noqa: PLR2004
            key, equals, value = data[len(digits) + 1 : length - 1].partition(b"=")
            if not equals or length > len(data):
                self._file.corrupt(f"the pax header before byte {self._at} is malformed")
            records[key] = value
            data = data[length:]
        return records

    def _apply(self, records: dict[bytes, bytes]) -> None:
        if any(key.startswith(b"GNU.sparse") for key in records):
            self._unsupported("a sparse member")
        if b"path" in records:
            self._name = records[b"path"].decode("utf-8", "surrogateescape")
        if b"size" in records:
            digits = records[b"size"]
            if not digits.isdigit() or len(digits) > 19:  # noqa: PLR2004 - 2**63
                self._file.corrupt("a pax header has a size that is no number")
            self._size = int(digits)

    def _add(self, info: tarfile.TarInfo, start: int, size: int) -> None:
        name = (self._name or info.name).removeprefix("./")
        self._name, self._size = "", None
        if name.startswith("/") or ".." in name.split("/"):
            self._unsafe(f"the name {name[:200]!r}")
        if info.type == tarfile.GNUTYPE_SPARSE:
            self._unsupported("a sparse member")
        if info.type == tarfile.DIRTYPE:
            return
        if info.type not in _REGULAR:
            self._unsafe(f"{name[:200]!r}, which is a link, a device or something unknown")
        if name in self.found:
            self._file.corrupt(f"two members of the archive are called {name[:200]!r}")
        self.found[name] = Member(name, start, size)

    def _unsafe(self, what: str) -> NoReturn:
        raise ImageError(
            "image-archive-unsafe",
            f"{self._file.path} is a tar archive with {what}",
            hint="no disk image needs that: make sure where the archive comes from",
        )

    def _unsupported(self, what: str) -> NoReturn:
        raise ImageError(
            "image-format-unsupported",
            f"{self._file.path} is a tar archive with {what}, not read",
            hint="unpack it first (tar -xSf), then name the disk image inside",
        )
