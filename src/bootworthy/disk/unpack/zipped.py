"""A disk image of any format in a zip archive, alone or as the only one.

Source: PKWARE, APPNOTE.TXT. Read by the standard library, of which only what is bounded is used.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from bootworthy.disk.container import Container, open_file
from bootworthy.disk.sizes import MIB
from bootworthy.disk.unpack.choice import choose
from bootworthy.disk.unpack.spool import spool
from bootworthy.disk.unpack.watched import unpacking
from bootworthy.disk.unpack.zip_members import ENCRYPTED, Directory
from bootworthy.disk.wrapped import Wrapped
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    ValueError,
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# The directory of an archive with a hundred thousand members; it is read at once.
_MAX_READ = 16 * MIB


class _Stream(io.RawIOBase):
    """A host file as zipfile wants it, which refuses to be read at once."""

    def __init__(self, file: HostFile) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise OSError("before the start")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            size = max(self._file.size - self._at, 0)
        if min(size, self._file.size - self._at) > _MAX_READ:
            self._file.corrupt("its zip directory is too large")
        data = self._file.pread(self._at, size)
        self._at += len(data)
        return data


def open_zip(file: HostFile, references: References) -> Container:
    """The disk in ``file``, which is taken over when that succeeds.

    Raises:
        ImageError: it is damaged or ambiguous, or holds no disk image.
        HostError: ``host-no-space``.
    """
    inside = references.within("compressed file")
    with unpacking(file, references.observer) as watched:
        member = _Member(watched, references.disk)
        spooled = spool(file, member.pieces())
    inner = open_file(spooled, inside)
    try:
        return Wrapped(file, inner, "zip", member=member.name)
    except BaseException:
        inner.close()
        raise


class _Member:
    """The one that is the disk; its ``name`` is known when its pieces are read."""

    def __init__(self, file: HostFile, wanted: str) -> None:
        self._file = file
        self._wanted = wanted
        self.name = ""

    def pieces(self) -> Iterator[bytes]:
        file = self._file
        try:
            with zipfile.ZipFile(_Stream(file)) as archive:
                directory = Directory(
                    file=file,
                    members=archive.infolist(),
                    start=archive.start_dir,
                    comment=archive.comment,
                )
                directory.refuse_ambiguous()
                info = self._choose(directory.members)
                _refuse_unreadable(file, info)
                directory.refuse_contradictions(info)
                yield from _unpacked(file, archive, info)
        except _DAMAGED as error:
            file.corrupt(f"the zip archive cannot be read: {error}")
        except (NotImplementedError, RuntimeError) as error:
            _unsupported(file, str(error))

    def _choose(self, members: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
        named = {info.filename: info for info in members}
        # Without directories, and without what macOS adds.
        names = [name for name in named if not name.startswith("__MACOSX/")]
        names = [name for name in names if name and not name.endswith("/")]
        self.name = choose(self._file, names, self._wanted)
        return named[self.name]


def _unpacked(file: HostFile, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    size = 0
    with archive.open(info) as member:
        while piece := member.read(MIB):
            size += len(piece)
            yield piece
    if size != info.file_size:
        file.corrupt(f"a member of the zip archive has {size} bytes instead of {info.file_size}")


def _refuse_unreadable(file: HostFile, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED:
        raise ImageError(
            "image-encrypted", f"{file.path} is encrypted", hint="unpack it with its password first"
        )
    if info.compress_type not in _METHODS:
        _unsupported(file, f"compression method {info.compress_type}")


def _unsupported(file: HostFile, what: str) -> NoReturn:
    raise ImageError(
        "image-format-unsupported",
        f"{file.path}: the zip archive uses {what}, not read",
        hint="unpack it first, then name the disk image inside",
    )
