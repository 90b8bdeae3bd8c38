"""A tree whose writes stay in memory: what a plan would do, without doing it."""

from __future__ import annotations

import errno
import os
import posixpath
from dataclasses import dataclass, field, replace

from bootworthy.guest.tree import Kind, Status, Tree, WritableTree


@dataclass
class _Node:
    """A path that was written: its status, and contents or target."""

    status: Status
    data: bytes = b""
    target: str = ""


@dataclass
class _Layer:
    """What is different from the tree below: nodes by path, and paths that are gone."""

    nodes: dict[str, _Node] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class OverlayTree(WritableTree):
    """Writes over ``base`` that nobody else sees."""

    def __init__(self, base: Tree) -> None:
        self._base = base
        self._layer = _Layer()

    def lstat_at(self, path: str) -> Status:
        """Status in the overlay, else below."""
        if node := self._layer.nodes.get(path):
            return node.status
        self._refuse_gone(path)
        return self._base.lstat_at(path)

    def listdir_at(self, path: str) -> list[str]:
        """Names below, with what was made and without what was removed."""
        made = {p for p in self._layer.nodes if posixpath.dirname(p) == path and p != "/"}
        below: list[str] = []
        if path not in self._layer.nodes:
            self._refuse_gone(path)
            below = self._base.listdir_at(path)
        kept = (name for name in below if posixpath.join(path, name) not in self._layer.gone)
        return sorted({*kept, *(posixpath.basename(p) for p in made)})

    def readlink_at(self, path: str) -> str:
        """Target of a link made here or below."""
        if node := self._layer.nodes.get(path):
            return node.target
        self._refuse_gone(path)
        return self._base.readlink_at(path)

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Bytes written here, else those below."""
        if node := self._layer.nodes.get(path):
            return node.data[offset : offset + size]
        self._refuse_gone(path)
        return self._base.pread_at(path, size, offset)

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Keep the data in memory."""
        status = self._status_or_none(path) or Status(Kind.FILE, mode, 0, 0, 0, 0)
        self._put(path, _Node(replace(status, size=len(data)), data=data))

    def mkdir_at(self, path: str, mode: int) -> None:
        """Remember a directory."""
        if self._status_or_none(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self._put(path, _Node(Status(Kind.DIRECTORY, mode, 0, 0, 0, 0)))

    def symlink_at(self, target: str, path: str) -> None:
        """Remember a link."""
        self._put(path, _Node(Status(Kind.LINK, 0o777, 0, 0, len(target), 0), target=target))

    def unlink_at(self, path: str) -> None:
        """Forget a file or link."""
        self.lstat_at(path)
        self._layer.nodes.pop(path, None)
        self._layer.gone.add(path)

    def rmdir_at(self, path: str) -> None:
        """Forget an empty directory."""
        if self.listdir_at(path):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)
        self.unlink_at(path)

    def chmod_at(self, path: str, mode: int) -> None:
        """Remember other permission bits."""
        self._put(path, self._copy_up(path, replace(self.lstat_at(path), mode=mode)))

    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """Remember another owner."""
        self._put(path, self._copy_up(path, replace(self.lstat_at(path), uid=uid, gid=gid)))

    def _copy_up(self, path: str, status: Status) -> _Node:
        # A directory's node would hide the entries below it, so only its status is asked again.
        if status.kind is Kind.FILE:
            return _Node(status, data=self.pread_at(path, status.size, 0))
        target = self.readlink_at(path) if status.kind is Kind.LINK else ""
        return _Node(status, target=target)

    def _put(self, path: str, node: _Node) -> None:
        known = path in self._layer.nodes or self._status_or_none(path) is None
        if node.status.kind is Kind.DIRECTORY and not known:
            return  # a node would hide the entries of the directory below
        self._layer.nodes[path] = node
        self._layer.gone.discard(path)

    def _status_or_none(self, path: str) -> Status | None:
        try:
            return self.lstat_at(path)
        except FileNotFoundError:
            return None

    def _refuse_gone(self, path: str) -> None:
        walk = path
        while walk != "/":
            if walk in self._layer.gone:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            walk = posixpath.dirname(walk)
