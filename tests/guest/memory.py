"""A guest's tree held in memory, for tests of everything that reads or edits one."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bootworthy.guest.tree import Kind, Status, WritableTree


@dataclass(frozen=True)
class File:
    """A regular file; text is stored as UTF-8."""

    data: str | bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0

    @property
    def content(self) -> bytes:
        """What the file holds."""
        text = self.data
        return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


@dataclass(frozen=True)
class Dir:
    """A directory; what is in it follows from the other paths."""

    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: int = 0


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str
    mode: int = 0o777
    uid: int = 0
    gid: int = 0
    mtime: int = 0


@dataclass(frozen=True)
class Device:
    """A device node, socket or pipe."""

    mode: int = 0o600
    uid: int = 0
    gid: int = 0
    mtime: int = 0


Node = File | Dir | Link | Device

_KINDS: Mapping[type[Node], Kind] = {
    File: Kind.FILE,
    Dir: Kind.DIRECTORY,
    Link: Kind.LINK,
    Device: Kind.OTHER,
}


class MemoryTree(WritableTree):
    """A tree made of ``{path: text | bytes | File | Dir | Link | Device}``.

    Missing parents are directories of mode 0755 that belong to root. The primitives behave as
    openat2 with RESOLVE_NO_SYMLINKS does, so that a caller that forgot to resolve is found out.
    """

    def __init__(self, entries: Mapping[str, str | bytes | Node] | None = None) -> None:
        self._nodes: dict[str, Node] = {"/": Dir()}
        for path, entry in sorted((entries or {}).items()):
            clean = posixpath.normpath("/" + path.lstrip("/"))
            self._make_parents(clean)
            self._nodes[clean] = File(entry) if isinstance(entry, str | bytes) else entry

    def _make_parents(self, path: str) -> None:
        parent = posixpath.dirname(path)
        if parent not in self._nodes:
            self._make_parents(parent)
            self._nodes[parent] = Dir()
        if not isinstance(self._nodes[parent], Dir):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), parent)

    def snapshot(self) -> dict[str, Node]:
        """Everything in the tree; equal snapshots are equal trees."""
        return dict(self._nodes)

    def export(self, directory: Path) -> None:
        """Write everything but devices below ``directory``, for real programs to look at."""
        for path, node in sorted(self._nodes.items()):
            place = directory / path.lstrip("/")
            if isinstance(node, Dir):
                place.mkdir(exist_ok=True)
            elif isinstance(node, File):
                place.write_bytes(node.content)
            elif isinstance(node, Link):
                place.symlink_to(node.target)

    def _parent(self, path: str) -> None:
        parent = posixpath.dirname(path)
        if parent == path:
            return
        node = self._node(parent)
        if isinstance(node, Link):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), parent)
        if not isinstance(node, Dir):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), parent)

    def _node(self, path: str) -> Node:
        if path != posixpath.normpath(path) or not path.startswith("/"):
            raise AssertionError(f"a primitive was given {path!r}, which is not canonical")
        self._parent(path)
        if path not in self._nodes:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self._nodes[path]

    def _file(self, path: str) -> File:
        node = self._node(path)
        if isinstance(node, Dir):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not isinstance(node, File):
            number = errno.ELOOP if isinstance(node, Link) else errno.EINVAL
            raise OSError(number, os.strerror(number), path)
        return node

    def _children(self, path: str) -> list[str]:
        if not isinstance(self._node(path), Dir):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return [
            posixpath.basename(other)
            for other in self._nodes
            if other != "/" and posixpath.dirname(other) == path
        ]

    def _new(self, path: str) -> None:
        self._parent(path)
        if path in self._nodes:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)

    def lstat_at(self, path: str) -> Status:
        """See Tree."""
        node = self._node(path)
        size = 0
        if isinstance(node, File):
            size = len(node.content)
        elif isinstance(node, Link):
            size = len(node.target)
        return Status(_KINDS[type(node)], node.mode, node.uid, node.gid, size, node.mtime)

    def listdir_at(self, path: str) -> list[str]:
        """See Tree."""
        return self._children(path)

    def readlink_at(self, path: str) -> str:
        """See Tree."""
        node = self._node(path)
        if not isinstance(node, Link):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        return node.target

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """See Tree."""
        return self._file(path).content[offset : offset + size]

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """See WritableTree."""
        self._parent(path)
        old = self._file(path) if path in self._nodes else File(mode=mode)
        self._nodes[path] = replace(old, data=data)

    def mkdir_at(self, path: str, mode: int) -> None:
        """See WritableTree."""
        self._new(path)
        self._nodes[path] = Dir(mode)

    def symlink_at(self, target: str, path: str) -> None:
        """See WritableTree."""
        self._new(path)
        self._nodes[path] = Link(target)

    def unlink_at(self, path: str) -> None:
        """See WritableTree."""
        if isinstance(self._node(path), Dir):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        del self._nodes[path]

    def rmdir_at(self, path: str) -> None:
        """See WritableTree."""
        if self._children(path):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)
        del self._nodes[path]

    def chmod_at(self, path: str, mode: int) -> None:
        """See WritableTree."""
        node = self._node(path)
        if isinstance(node, Link):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), path)
        self._nodes[path] = replace(node, mode=mode)

    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """See WritableTree."""
        self._nodes[path] = replace(self._node(path), uid=uid, gid=gid)
