"""A tree that remembers what every written file was before, so that each change can be shown."""

from __future__ import annotations

import difflib
import hashlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.tree import Kind, Status, Tree, WritableTree
from bootworthy.model.plan import ChangeKind

# Larger files are compared by digest and shown without a diff.
_TEXT_LIMIT = 256 << 10

# Files whose contents must not end up in a report: password hashes and keys.
_SECRET_NAMES = ("shadow", "shadow-", "gshadow", "gshadow-", "opasswd", "authorized_keys")
_SECRET_PARTS = ("_key", "id_rsa", "id_ed25519", "id_ecdsa", ".bash_history", "random-seed")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a path was at one moment; ``text`` only for small files that are text."""

    kind: Kind
    mode: int
    owner: tuple[int, int]
    size: int
    digest: str
    text: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that is different now; ``before`` or ``after`` is None when it was or is missing."""

    path: str
    before: Snapshot | None
    after: Snapshot | None

    @property
    def kind(self) -> ChangeKind:
        """Created, edited or removed."""
        if self.before is None:
            return ChangeKind.CREATED
        return ChangeKind.REMOVED if self.after is None else ChangeKind.EDITED

    @property
    def diff(self) -> str:
        """A unified diff of text files; empty for others and for files with secrets."""
        if _is_secret(self.path):
            return ""
        old, new = (_lines(snapshot) for snapshot in (self.before, self.after))
        if old is None or new is None or self.kind is ChangeKind.REMOVED:
            return ""
        names = ("/dev/null" if self.before is None else f"a{self.path}", f"b{self.path}")
        return "".join(difflib.unified_diff(old, new, *names))

    @property
    def detail(self) -> str:
        """What the diff does not say."""
        if self.before and self.after and self.before.size and not self.after.size:
            return f"emptied, {self.before.size} bytes"
        if self.after and self.after.text is None and self.after.kind is Kind.FILE:
            before = f"{self.before.size} to " if self.before else ""
            return f"{before}{self.after.size} bytes"
        if _is_secret(self.path):
            return "contents not shown"
        return _mode_change(self.before, self.after)


class RecordingTree(WritableTree):
    """Passes everything to ``inner`` and keeps the first state of each path it changes."""

    def __init__(self, inner: WritableTree) -> None:
        self._inner = inner
        self._before: dict[str, Snapshot | None] = {}

    def lstat_at(self, path: str) -> Status:
        """As the tree below."""
        return self._inner.lstat_at(path)

    def listdir_at(self, path: str) -> list[str]:
        """As the tree below."""
        return self._inner.listdir_at(path)

    def readlink_at(self, path: str) -> str:
        """As the tree below."""
        return self._inner.readlink_at(path)

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """As the tree below."""
        return self._inner.pread_at(path, size, offset)

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Remember, then write."""
        self._remember(path)
        self._inner.write_at(path, data, mode)

    def mkdir_at(self, path: str, mode: int) -> None:
        """Remember, then create."""
        self._remember(path)
        self._inner.mkdir_at(path, mode)

    def symlink_at(self, target: str, path: str) -> None:
        """Remember, then link."""
        self._remember(path)
        self._inner.symlink_at(target, path)

    def unlink_at(self, path: str) -> None:
        """Remember, then remove."""
        self._remember(path)
        self._inner.unlink_at(path)

    def rmdir_at(self, path: str) -> None:
        """Remember, then remove."""
        self._remember(path)
        self._inner.rmdir_at(path)

    def chmod_at(self, path: str, mode: int) -> None:
        """Remember, then set the mode."""
        self._remember(path)
        self._inner.chmod_at(path, mode)

    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """Remember, then set the owner."""
        self._remember(path)
        self._inner.chown_at(path, uid, gid)

    def watch(self, *patterns: str) -> None:
        """Remember paths that a guest program may change."""
        for pattern in patterns:
            for path in self.glob(pattern) or [self.resolve(pattern)]:
                self._remember(self.resolve(path, follow_last=False))

    def take_changes(self) -> Iterator[FileChange]:
        """What is different since the last call, by path; forgets it."""
        before, self._before = self._before, {}
        for path, old in sorted(before.items()):
            new = snapshot(self._inner, path)
            if old != new and not _is_only_directory(old, new):
                yield FileChange(path, old, new)

    def _remember(self, path: str) -> None:
        if path not in self._before:
            self._before[path] = snapshot(self._inner, path)


def snapshot(tree: Tree, path: str) -> Snapshot | None:
    """What the canonical ``path`` is now, None when it is missing."""
    try:
        status = tree.lstat_at(path)
    except OSError:
        return None
    data = _contents(tree, path, status)
    digest = hashlib.sha256(data).hexdigest()
    text = _text(data) if status.kind is not Kind.OTHER else None
    owner = (status.uid, status.gid)
    return Snapshot(status.kind, status.mode, owner, status.size, digest, text)


def _contents(tree: Tree, path: str, status: Status) -> bytes:
    if status.kind is Kind.LINK:
        return tree.readlink_at(path).encode("utf-8", "surrogateescape")
    if status.kind is not Kind.FILE:
        return b""
    if status.size <= _TEXT_LIMIT:
        return tree.pread_at(path, status.size, 0)
    # Size, time and both ends tell a rebuilt initramfs from the old one without reading it all.
    ends = tree.pread_at(path, 4096, 0) + tree.pread_at(path, 4096, status.size - 4096)
    return b"\0%d %d\0" % (status.size, status.mtime) + ends


def _text(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _lines(snapshot: Snapshot | None) -> list[str] | None:
    if snapshot is None:
        return []
    if snapshot.text is None:
        return None
    text = f"{snapshot.text} (link)\n" if snapshot.kind is Kind.LINK else snapshot.text
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def _is_only_directory(old: Snapshot | None, new: Snapshot | None) -> bool:
    return all(state is None or state.kind is Kind.DIRECTORY for state in (old, new))


def _is_secret(path: str) -> bool:
    name = posixpath.basename(path)
    return name in _SECRET_NAMES or any(part in name for part in _SECRET_PARTS)


def _mode_change(before: Snapshot | None, after: Snapshot | None) -> str:
    if before and after and before.mode != after.mode:
        return f"mode {before.mode:04o} to {after.mode:04o}"
    return ""
