"""The file tree of a guest: every path is resolved inside its root, whatever links it holds.

An engine supplies four primitives on paths that hold no symbolic link before their last component;
following links is done here, once, with ``/`` and ``..`` meaning the guest's root. No primitive is
ever given a path that the host's kernel would resolve on its own.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from bootworthy.model.errors import GuestError

# As many as Linux follows (include/linux/namei.h, MAXSYMLINKS).
_MAX_LINKS = 40

# Larger than any configuration file, package database of text or module list seen in the field.
READ_LIMIT = 64 << 20

# A tree deeper or wider than this is hostile: the largest /usr of a desktop has 10^6 entries.
_MAX_ENTRIES = 4_000_000


class Kind(Enum):
    """What a path is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Status:
    """What ``lstat`` says: permission bits only in ``mode``, ``size`` in bytes, ``mtime`` in s."""

    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int


class Tree(ABC):
    """A guest's files, read-only.

    Paths are absolute and in the guest's own terms. Missing files raise ``FileNotFoundError``,
    loops and unsuitable kinds other ``OSError``s, as Python's own file functions do.
    """

    @abstractmethod
    def lstat_at(self, path: str) -> Status:
        """Status of ``path``; no component but the last may be a link (engines only)."""

    @abstractmethod
    def listdir_at(self, path: str) -> list[str]:
        """Names in the directory ``path``, which holds no link (engines only)."""

    @abstractmethod
    def readlink_at(self, path: str) -> str:
        """Target of the link ``path`` as stored (engines only)."""

    @abstractmethod
    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Up to ``size`` bytes of the regular file ``path`` at ``offset`` (engines only)."""

    def resolve(self, path: str, *, follow_last: bool = True) -> str:
        """The canonical path behind ``path``; its last component may be missing.

        Raises:
            FileNotFoundError: a directory on the way is missing.
            NotADirectoryError: something on the way is not a directory.
            OSError: with ``ELOOP`` when links lead in circles.
        """
        pending = _components(path)
        current = "/"
        links = 0
        while pending:
            name = pending.pop()
            if name in (".", ".."):
                current = posixpath.dirname(current) if name == ".." else current
                continue
            child = posixpath.join(current, name)
            status = self._lstat_or_none(child, last=not pending)
            if status is None:
                return child
            if status.kind is Kind.LINK and (pending or follow_last):
                links += 1
                target = self._follow(child, links)
                current = "/" if target.startswith("/") else current
                pending += _components(target)
            elif pending and status.kind is not Kind.DIRECTORY:
                _fail(NotADirectoryError, errno.ENOTDIR, child)
            else:
                current = child
        return current

    def _lstat_or_none(self, path: str, *, last: bool) -> Status | None:
        try:
            return self.lstat_at(path)
        except FileNotFoundError:
            if last:
                return None
            raise

    def _follow(self, path: str, links: int) -> str:
        if links > _MAX_LINKS:
            _fail(OSError, errno.ELOOP, path)
        target = self.readlink_at(path)
        if not target:
            _fail(FileNotFoundError, errno.ENOENT, path)
        return target

    def status(self, path: str) -> Status:
        """Status of what ``path`` leads to."""
        return self.lstat_at(self.resolve(path))

    def link_status(self, path: str) -> Status:
        """Status of ``path`` itself, a link not followed."""
        return self.lstat_at(self.resolve(path, follow_last=False))

    def kind(self, path: str) -> Kind | None:
        """What ``path`` leads to, or None when it is missing, dangling or a loop."""
        try:
            return self.status(path).kind
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Whether ``path`` leads to anything."""
        return self.kind(path) is not None

    def is_file(self, path: str) -> bool:
        """Whether ``path`` leads to a regular file."""
        return self.kind(path) is Kind.FILE

    def is_dir(self, path: str) -> bool:
        """Whether ``path`` leads to a directory."""
        return self.kind(path) is Kind.DIRECTORY

    def is_link(self, path: str) -> bool:
        """Whether ``path`` itself is a symbolic link, dangling or not."""
        try:
            return self.link_status(path).kind is Kind.LINK
        except OSError:
            return False

    def readlink(self, path: str) -> str:
        """Where the link ``path`` points, as stored."""
        return self.readlink_at(self.resolve(path, follow_last=False))

    def listdir(self, path: str) -> list[str]:
        """Sorted names in a directory."""
        return sorted(self.listdir_at(self.resolve(path)))

    def names(self, path: str) -> list[str]:
        """Sorted names in a directory; none when it is missing or not a directory."""
        try:
            return self.listdir(path)
        except OSError:
            return []

    def read(self, path: str, *, limit: int = READ_LIMIT) -> bytes:
        """The contents of a regular file.

        Raises:
            GuestError: ``guest-file-too-large``, when it holds more than ``limit`` bytes.
            OSError: the file is missing or not a regular file.
        """
        real = self.resolve(path)
        status = self.lstat_at(real)
        if status.kind is Kind.DIRECTORY:
            _fail(IsADirectoryError, errno.EISDIR, path)
        if status.kind is not Kind.FILE:
            _fail(OSError, errno.EINVAL, path)
        if status.size > limit:
            raise _too_large(path, status.size, limit)
        data = self._read_all(real, limit)
        if len(data) > limit:
            raise _too_large(path, len(data), limit)
        return data

    def _read_all(self, real: str, limit: int) -> bytes:
        # /proc and friends report size 0, so the end is where a read returns nothing.
        parts: list[bytes] = []
        offset = 0
        while offset <= limit and (part := self.pread_at(real, 4 << 20, offset)):
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def text(self, path: str, *, limit: int = READ_LIMIT) -> str:
        """The contents of a text file; bytes that are not UTF-8 survive a round trip."""
        return self.read(path, limit=limit).decode("utf-8", "surrogateescape")

    def text_or(self, path: str, default: str = "") -> str:
        """The contents of a text file, or ``default`` when there is no such file."""
        try:
            return self.text(path)
        except OSError:
            return default

    def glob(self, pattern: str) -> list[str]:
        """Sorted paths that match a shell pattern, component by component; links count as such.

        ``**`` is not special; a leading dot must be matched by a dot.
        """
        found = ["/"]
        for part in (part for part in pattern.split("/") if part):
            found = [path for base in found for path in self._expand(base, part)]
        return [] if found == ["/"] else sorted(found)

    def _expand(self, base: str, part: str) -> Iterator[str]:
        if not any(char in part for char in "*?["):
            path = posixpath.join(base, part)
            if self._present(path):
                yield path
            return
        for name in self.names(base):
            hidden = name.startswith(".") and not part.startswith(".")
            if not hidden and fnmatch.fnmatchcase(name, part):
                yield posixpath.join(base, name)

    def _present(self, path: str) -> bool:
        try:
            self.link_status(path)
        except OSError:
            return False
        return True

    def walk(self, path: str) -> Iterator[tuple[str, Status]]:
        """Everything below a directory, parents first; links are reported, never followed."""
        pending = [self.resolve(path)]
        seen = 0
        while pending:
            directory = pending.pop()
            for name in sorted(self.listdir_at(directory)):
                child = posixpath.join(directory, name)
                status = self.lstat_at(child)
                seen += 1
                if seen > _MAX_ENTRIES:
                    raise GuestError("guest-tree-too-large", f"{path} has too many entries")
                yield child, status
                if status.kind is Kind.DIRECTORY:
                    pending.append(child)


class WritableTree(Tree):
    """A guest's files, read and written; a file is replaced whole or not at all."""

    @abstractmethod
    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Replace or create the file ``path``, which holds no link (engines only).

        Owner, mode and extended attributes of a file that was there stay; a new one belongs to
        root with ``mode``.
        """

    @abstractmethod
    def mkdir_at(self, path: str, mode: int) -> None:
        """Create the directory ``path`` (engines only)."""

    @abstractmethod
    def symlink_at(self, target: str, path: str) -> None:
        """Create the link ``path`` to ``target`` (engines only)."""

    @abstractmethod
    def unlink_at(self, path: str) -> None:
        """Remove the file or link ``path`` (engines only)."""

    @abstractmethod
    def rmdir_at(self, path: str) -> None:
        """Remove the empty directory ``path`` (engines only)."""

    @abstractmethod
    def chmod_at(self, path: str, mode: int) -> None:
        """Set the permission bits of ``path`` (engines only)."""

    @abstractmethod
    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """Set the owner of ``path`` (engines only)."""

    def write(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Make ``path`` hold ``data``, creating missing directories (0755, root).

        A link is followed inside the guest; ``mode`` only counts for a new file.
        """
        self.make_dirs(posixpath.dirname(path))
        real = self.resolve(path)
        if self._is_other_than_file(real):
            _fail(OSError, errno.EINVAL, path)
        self.write_at(real, data, mode)

    def _is_other_than_file(self, real: str) -> bool:
        try:
            return self.lstat_at(real).kind is not Kind.FILE
        except FileNotFoundError:
            return False

    def write_text(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """Make ``path`` hold ``text``."""
        self.write(path, text.encode("utf-8", "surrogateescape"), mode=mode)

    def make_dirs(self, path: str, *, mode: int = 0o755) -> None:
        """Create a directory and its parents where they are missing."""
        done = "/"
        for part in (part for part in path.split("/") if part):
            done = self.resolve(posixpath.join(done, part))
            try:
                kind = self.lstat_at(done).kind
            except FileNotFoundError:
                self.mkdir_at(done, mode)
                continue
            if kind is not Kind.DIRECTORY:
                _fail(NotADirectoryError, errno.ENOTDIR, done)

    def symlink(self, target: str, path: str) -> None:
        """Make ``path`` a link to ``target``, replacing a file or link."""
        self.make_dirs(posixpath.dirname(path))
        real = self.resolve(path, follow_last=False)
        if self._present(real):
            self.unlink_at(real)
        self.symlink_at(target, real)

    def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits of what ``path`` leads to."""
        self.chmod_at(self.resolve(path), mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        """Set the owner of what ``path`` leads to."""
        self.chown_at(self.resolve(path), uid, gid)

    def remove(self, path: str) -> None:
        """Remove a file, a link or a whole directory; links inside are not followed."""
        real = self.resolve(path, follow_last=False)
        if real == "/":
            _fail(OSError, errno.EBUSY, path)
        if self.lstat_at(real).kind is not Kind.DIRECTORY:
            self.unlink_at(real)
            return
        below = list(self.walk(real))
        for child, status in reversed(below):
            if status.kind is Kind.DIRECTORY:
                self.rmdir_at(child)
            else:
                self.unlink_at(child)
        self.rmdir_at(real)


def _components(path: str) -> list[str]:
    """The parts of a path, the first one last; a slash at the end asks for a directory."""
    if "\0" in path:
        _fail(OSError, errno.EINVAL, path)
    parts = [part for part in path.split("/") if part]
    if parts and path.endswith("/"):
        parts.append(".")
    return parts[::-1]


def _too_large(path: str, size: int, limit: int) -> GuestError:
    return GuestError(
        "guest-file-too-large",
        f"{path} in the guest holds {size} bytes, more than the {limit} expected",
        hint="check that file in the guest; it is not what its name says",
    )


def _fail(error: type[OSError], number: int, path: str) -> NoReturn:
    raise error(number, os.strerror(number), path)
