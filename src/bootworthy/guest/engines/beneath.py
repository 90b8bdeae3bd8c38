"""The tree below a directory descriptor, reached by calls that no link can lead out of.

Every path is canonical and is opened with openat2(2), RESOLVE_IN_ROOT and RESOLVE_NO_SYMLINKS: a
component that turns into a link between two calls makes the call fail instead of being followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import secrets
import stat
from collections.abc import Iterator

from bootworthy.guest.engines import syscalls
from bootworthy.guest.tree import Kind, Status, Tree, WritableTree

_RESOLVE = syscalls.RESOLVE_IN_ROOT | syscalls.RESOLVE_NO_SYMLINKS | syscalls.RESOLVE_NO_MAGICLINKS

_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.LINK}

# A FIFO or a terminal must not make the reader wait or become its controlling terminal.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY

# What a changed file still is; hashes and signatures of the old contents (security.ima) are not.
_KEPT_ATTRIBUTES = frozenset(
    {
        "security.capability",
        "security.selinux",
        "security.SMACK64",
        "system.posix_acl_access",
    }
)


def status_of(found: os.stat_result) -> Status:
    """A Status of what the kernel says."""
    return Status(
        kind=_KINDS.get(stat.S_IFMT(found.st_mode), Kind.OTHER),
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        size=found.st_size,
        mtime=found.st_mtime_ns // 1_000_000_000,
    )


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _split(path: str) -> tuple[str, bytes]:
    directory, name = posixpath.split(path)
    if not name:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)
    return directory, _encode(name)


class ReadOnlyDirectoryTree(Tree):
    """The files below the open directory ``fd``, which the tree owns and ``close`` closes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def fd(self) -> int:
        """The descriptor of the root directory."""
        return self._fd

    def close(self) -> None:
        """Close the root directory; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def open_directory(self, path: str) -> int:
        """A descriptor of the directory at the canonical ``path``, which the caller closes."""
        return self._open(path, os.O_RDONLY | os.O_DIRECTORY)

    @contextlib.contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[int]:
        fd = self._open(path, flags)
        try:
            yield fd
        finally:
            os.close(fd)

    def _open(self, path: str, flags: int) -> int:
        if syscalls.has_openat2():
            return syscalls.openat2(self._fd, _encode(path), flags, _RESOLVE)
        return _open_by_steps(self._fd, path, flags)

    def lstat_at(self, path: str) -> Status:
        """Status of a file, a directory, a link or anything else."""
        with self._opened(path, os.O_PATH | os.O_NOFOLLOW) as fd:
            return status_of(os.fstat(fd))

    def listdir_at(self, path: str) -> list[str]:
        """Names in a directory, in the order of the file system."""
        with self._opened(path, _READ | os.O_DIRECTORY) as fd, os.scandir(fd) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
        return [name.decode("utf-8", "surrogateescape") for name in names]

    def readlink_at(self, path: str) -> str:
        """Target of a link; its bytes as they are."""
        with self._opened(path, os.O_PATH | os.O_NOFOLLOW) as fd:
            if not stat.S_ISLNK(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
            return os.readlink(b"", dir_fd=fd).decode("utf-8", "surrogateescape")

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Bytes of a regular file; anything else is EINVAL."""
        with self._opened(path, _READ) as fd:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
            return os.pread(fd, size, offset)


class DirectoryTree(ReadOnlyDirectoryTree, WritableTree):
    """The same, written: each file through a new one beside it that takes its name at the end.

    ``durable`` has every file on the disk before it takes the name; without it, the owner of the
    file system syncs once at the end. A file with several names loses the others.
    """

    def __init__(self, fd: int, *, durable: bool = True) -> None:
        super().__init__(fd)
        self._durable = durable

    @contextlib.contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, bytes]]:
        directory, name = _split(path)
        with self._opened(directory, os.O_RDONLY | os.O_DIRECTORY) as fd:
            yield fd, name

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Replace a file whole, with the owner, mode and attributes it had."""
        with self._parent(path) as (directory, name):
            temporary = b".%s.%s" % (name[:200], secrets.token_hex(6).encode())
            try:
                self._write_beside(directory, name, temporary, data, mode)
                os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=directory)
                raise
            self._sync(directory)

    def _write_beside(
        self, directory: int, name: bytes, temporary: bytes, data: bytes, mode: int
    ) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        fd = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            _write_all(fd, data)
            _dress(fd, directory, name, mode)
            self._sync(fd)
        finally:
            os.close(fd)

    def _sync(self, fd: int) -> None:
        if self._durable:
            os.fsync(fd)

    def mkdir_at(self, path: str, mode: int) -> None:
        """Make a directory of root, whatever the umask."""
        with self._parent(path) as (directory, name):
            os.mkdir(name, 0o700, dir_fd=directory)
        with self._opened(path, _READ | os.O_DIRECTORY) as fd:
            _give_to_root(fd)
            os.fchmod(fd, mode)

    def symlink_at(self, target: str, path: str) -> None:
        """Make a link; the target's bytes as they are."""
        with self._parent(path) as (directory, name):
            os.symlink(_encode(target), name, dir_fd=directory)
            self._sync(directory)

    def unlink_at(self, path: str) -> None:
        """Remove a file or link."""
        with self._parent(path) as (directory, name):
            os.unlink(name, dir_fd=directory)

    def rmdir_at(self, path: str) -> None:
        """Remove an empty directory."""
        with self._parent(path) as (directory, name):
            os.rmdir(name, dir_fd=directory)

    def chmod_at(self, path: str, mode: int) -> None:
        """Set the permission bits of a file or directory; anything else is EINVAL."""
        if self.lstat_at(path).kind not in (Kind.FILE, Kind.DIRECTORY):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        with self._opened(path, _READ) as fd:
            os.fchmod(fd, mode)

    def chown_at(self, path: str, uid: int, gid: int) -> None:
        """Set the owner of anything, a link included."""
        if path == "/":
            os.chown(self._fd, uid, gid)
            return
        with self._parent(path) as (directory, name):
            os.chown(name, uid, gid, dir_fd=directory, follow_symlinks=False)


def _write_all(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _dress(fd: int, directory: int, name: bytes, mode: int) -> None:
    """Give the new file ``fd`` what the file ``name`` has; root and ``mode`` if there is none."""
    try:
        old = os.open(name, _READ, dir_fd=directory)
    except FileNotFoundError:
        _give_to_root(fd)
        os.fchmod(fd, mode)
        return
    try:
        before = os.fstat(old)
        _chown(fd, before.st_uid, before.st_gid)
        os.fchmod(fd, stat.S_IMODE(before.st_mode))
        _copy_attributes(old, fd)
    finally:
        os.close(old)


def _give_to_root(fd: int) -> None:
    # A tree that a user unpacked for herself stays hers.
    if os.geteuid() == 0:
        _chown(fd, 0, 0)


def _chown(fd: int, uid: int, gid: int) -> None:
    now = os.fstat(fd)
    if (now.st_uid, now.st_gid) != (uid, gid):
        os.fchown(fd, uid, gid)


def _copy_attributes(old: int, new: int) -> None:
    for name in os.listxattr(old):
        if name in _KEPT_ATTRIBUTES or name.startswith("user."):
            os.setxattr(new, name, os.getxattr(old, name))


def _open_by_steps(root: int, path: str, flags: int) -> int:
    """The same without openat2: one component a call, none of them a link."""
    fd = os.open(".", os.O_PATH | os.O_DIRECTORY, dir_fd=root)
    parts = [part for part in path.split("/") if part]
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        step = (flags if last else os.O_PATH | os.O_DIRECTORY) | os.O_NOFOLLOW
        try:
            above, fd = fd, os.open(_encode(part), step, dir_fd=fd)
        except OSError:
            os.close(fd)
            raise
        os.close(above)
    return fd if parts else _reopened(fd, flags)


def _reopened(fd: int, flags: int) -> int:
    try:
        return os.open(".", flags, dir_fd=fd)
    finally:
        os.close(fd)
