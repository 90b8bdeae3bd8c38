"""One tree made of several, each at its mount point."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Generic, TypeVar

from bootworthy.guest.tree import Status, Tree, WritableTree

TreeT = TypeVar("TreeT", bound=Tree)


class _Table(Generic[TreeT]):
    """Which tree a canonical path is in: that of the longest mount point it begins with."""

    def __init__(self, root: TreeT, mounts: Mapping[str, TreeT]) -> None:
        self.root = root
        self.points = sorted(mounts.items(), key=lambda item: -len(item[0]))

    def find(self, path: str) -> tuple[TreeT, str]:
        for point, tree in self.points:
            if path == point:
                return tree, "/"
            if path.startswith(point + "/"):
                return tree, path[len(point) :]
        return self.root, path

    def is_point(self, path: str) -> bool:
        return path == "/" or any(path == point for point, _ in self.points)


class MountedTree(Tree):
    """The ``root`` tree with others at ``mounts``, canonical paths of directories in it.

    Links across mount points work: ``resolve`` follows them and the primitives get what is left.
    """

    def __init__(self, root: Tree, mounts: Mapping[str, Tree]) -> None:
        self._table = _Table(root, mounts)

    def lstat_at(self, path: str) -> Status:
        """Status in the tree that holds the path; at a mount point that of the mounted root."""
        tree, inner = self._table.find(path)
        return tree.lstat_at(inner)

    def listdir_at(self, path: str) -> list[str]:
        """Names in the tree that holds the path, mount points among them."""
        tree, inner = self._table.find(path)
        return tree.listdir_at(inner)

    def readlink_at(self, path: str) -> str:
        """Target of a link in the tree that holds it."""
        tree, inner = self._table.find(path)
        return tree.readlink_at(inner)

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Bytes of a file in the tree that holds it."""
        tree, inner = self._table.find(path)
        return tree.pread_at(inner, size, offset)


class WritableMountedTree(MountedTree, WritableTree):
    """The same of trees that can all be written; a mount point itself cannot be removed."""

    def __init__(self, root: WritableTree, mounts: Mapping[str, WritableTree]) -> None:
        super().__init__(root, mounts)
        self._writable = _Table(root, mounts)

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Replace or create a file in the tree that holds the path."""
        tree, inner = self._writable.find(path)
        tree.write_at(inner, data, mode)

    def mkdir_at(self, path: str, mode: int) -> None:
        """Create a directory in the tree that holds the path."""
        tree, inner = self._writable.find(path)
        tree.mkdir_at(inner, mode)

    def symlink_at(self, target: str, path: str) -> None:
        """Create a link in the tree that holds the path; its target counts from the guest's /."""
        tree, inner = self._writable.find(path)
        tree.symlink_at(target, inner)

    def unlink_at(self, path: str) -> None:
        """Remove a file or link from the tree that holds it."""
        tree, inner = self._unmounted(path)
        tree.unlink_at(inner)

    def rmdir_at(self, path: str) -> None:
        """Remove an empty directory that nothing is mounted on."""
        tree, inner = self._unmounted(path)
        tree.rmdir_at(inner)

    def chmod_at(self, path: str, mode: int) -> None:
        """Set permission bits in the tree that holds the path."""
        tree, inner = self._writable.find(path)
        tree.chmod_at(inner, mode)

    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """Set the owner in the tree that holds the path."""
        tree, inner = self._writable.find(path)
        tree.chown_at(inner, uid, gid)

    def _unmounted(self, path: str) -> tuple[WritableTree, str]:
        if self._writable.is_point(path):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)
        return self._writable.find(path)


def compose(root: Tree, mounts: Mapping[str, Tree]) -> Tree:
    """``root`` with ``mounts`` in it; writable when every one of them is."""
    writable = {path: tree for path, tree in mounts.items() if isinstance(tree, WritableTree)}
    if not mounts:
        return root
    if isinstance(root, WritableTree) and len(writable) == len(mounts):
        return WritableMountedTree(root, writable)
    return MountedTree(root, mounts)
