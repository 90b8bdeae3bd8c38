"""A file system mounted in the appliance, as a tree."""

from __future__ import annotations

import errno
import os
import posixpath
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bootworthy.guest.engines.appliance.client import ApplianceClient
from bootworthy.guest.tree import Kind, Status, Tree, WritableTree

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.LINK}

# More than a walk of any guest needs; a call costs a millisecond.
_MAX_KNOWN = 500_000


class Known:
    """What was asked about paths before, until something changes."""

    def __init__(self) -> None:
        self.statuses: dict[str, Status | None] = {}

    def forget(self) -> None:
        """Ask anew from now on."""
        self.statuses.clear()

    def keep(self, path: str, status: Status | None) -> None:
        """Remember a status, or that there is nothing."""
        if len(self.statuses) >= _MAX_KNOWN:
            self.statuses.clear()
        self.statuses[path] = status


class ReadOnlyApplianceTree(Tree):
    """The file system mounted at ``top`` in the appliance; ``known`` is shared by all of them."""

    def __init__(self, client: ApplianceClient, known: Known, top: str) -> None:
        self._client = client
        self._known = known
        self._top = top

    def _inner(self, path: str) -> str:
        return self._top if path == "/" else f"{self._top}{path}"

    def _call(
        self,
        operation: str,
        path: str,
        payload: bytes = b"",
        **words: Any,  # noqa: ANN401 - JSON
    ) -> tuple[Any, bytes]:
        try:
            return self._client.call(operation, payload, path=self._inner(path), **words)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None

    def lstat_at(self, path: str) -> Status:
        """Status, asked for once."""
        inner = self._inner(path)
        if inner not in self._known.statuses:
            self._known.keep(inner, self._asked(path))
        status = self._known.statuses[inner]
        if status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return status

    def _asked(self, path: str) -> Status | None:
        try:
            found, _ = self._call("lstat", path)
        except FileNotFoundError:
            return None
        return _status(found)

    def listdir_at(self, path: str) -> list[str]:
        """Names in a directory; the status of each comes with them."""
        if self.lstat_at(path).kind is not Kind.DIRECTORY:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        inner = self._inner(path)
        found, _ = self._call("names", path)
        for name, status in found:
            if status is not None:
                self._known.keep(f"{inner}/{name}", _status(status))
        return [name for name, _ in found]

    def readlink_at(self, path: str) -> str:
        """Target of a link."""
        target, _ = self._call("readlink", path)
        return str(target)

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Bytes of a regular file; anything else is EINVAL."""
        if self.lstat_at(path).kind is not Kind.FILE:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        _, data = self._call("pread", path, size=size, offset=offset)
        return data


class ApplianceTree(ReadOnlyApplianceTree, WritableTree):
    """The same, written; ``plain`` is a file system without owners and modes (FAT)."""

    def __init__(
        self, client: ApplianceClient, known: Known, top: str, *, plain: bool = False
    ) -> None:
        super().__init__(client, known, top)
        self._plain = plain

    @contextmanager
    def _changed(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._known.forget()

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Replace a file whole, with the owner, mode and attributes it had."""
        inner = self._inner(path)
        directory, name = posixpath.split(inner)
        temporary = f"{directory}/.{name[:100]}.{secrets.token_hex(6)}"
        with self._changed():
            self._call("write", path, data, temporary=temporary, mode=mode, plain=self._plain)

    def mkdir_at(self, path: str, mode: int) -> None:
        """Make a directory of root."""
        with self._changed():
            self._call("mkdir", path, mode=mode, plain=self._plain)

    def symlink_at(self, target: str, path: str) -> None:
        """Make a link."""
        with self._changed():
            self._call("symlink", path, target=target)

    def unlink_at(self, path: str) -> None:
        """Remove a file or link."""
        with self._changed():
            self._call("unlink", path)

    def rmdir_at(self, path: str) -> None:
        """Remove an empty directory."""
        with self._changed():
            self._call("rmdir", path)

    def chmod_at(self, path: str, mode: int) -> None:
        """Set permission bits, where the file system has any."""
        if self._plain:
            self.lstat_at(path)
            return
        with self._changed():
            self._call("chmod", path, mode=mode)

    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """Set the owner, where the file system has any."""
        if self._plain:
            self.lstat_at(path)
            return
        with self._changed():
            self._call("chown", path, uid=uid, gid=gid)


def _status(found: list[int]) -> Status:
    mode, uid, gid, size, mtime = found
    kind = _KINDS.get(stat.S_IFMT(mode), Kind.OTHER)
    return Status(kind, stat.S_IMODE(mode), uid, gid, size, mtime)
