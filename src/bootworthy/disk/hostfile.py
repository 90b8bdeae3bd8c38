"""A file or block device of this machine, opened read-only and measured."""

from __future__ import annotations

import errno
import os
import stat
from typing import NoReturn

from bootworthy.model.errors import ImageError

# Opening a fifo must not wait for a writer, nor a terminal become ours.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY

_OTHER_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a fifo"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
)


class HostFile:
    """An open file: ``path`` for messages, ``fd`` read-only, ``size`` in bytes when opened.

    ``identity`` is device and inode; ``is_device`` tells a block device from a regular file.
    """

    def __init__(self, path: str, fd: int) -> None:
        status = os.fstat(fd)
        for is_kind, words in _OTHER_KINDS:
            if is_kind(status.st_mode):
                not_a_file(path, words)
        self.path = path
        self.fd = fd
        self.identity = (status.st_dev, status.st_ino)
        self.is_device = stat.S_ISBLK(status.st_mode)
        # A block device reports st_size 0; its end is where seeking ends.
        self.size = os.lseek(fd, 0, os.SEEK_END) if self.is_device else status.st_size

    def pread(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``offset``; fewer only at the end of the file.

        Raises:
            ImageError: ``image-unreadable``, when the host cannot read it.
        """
        parts: list[bytes] = []
        while size > 0:
            part = self._pread_once(offset, size)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _pread_once(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self.fd, size, offset)
        except OSError as error:
            self._unreadable(offset, error)

    def _unreadable(self, offset: int, error: OSError) -> NoReturn:
        raise ImageError(
            "image-unreadable",
            f"{self.path} cannot be read at byte {offset}: {error.strerror}",
            hint="check the disk or network share that holds the image",
        ) from error

    def pread_exact(self, offset: int, size: int, what: str) -> bytes:
        """``size`` bytes at ``offset``, which hold ``what``.

        Raises:
            ImageError: ``image-truncated``, when the file ends before.
        """
        if offset + size > self.size:
            self.truncated(offset + size, what)
        data = self.pread(offset, size)
        if len(data) < size:
            self.truncated(offset + size, what)
        return data

    def fill(self, view: memoryview, offset: int, what: str) -> None:
        """Fill ``view`` with the bytes at ``offset``, which hold ``what``.

        Raises:
            ImageError: ``image-truncated``, when the file ends before.
        """
        end = offset + len(view)
        while len(view):
            count = self._fill_once(view, offset)
            if not count:
                self.truncated(end, what)
            view, offset = view[count:], offset + count

    def _fill_once(self, view: memoryview, offset: int) -> int:
        try:
            return os.preadv(self.fd, [view], offset)
        except OSError as error:
            self._unreadable(offset, error)

    def refuse_shrunk(self) -> None:
        """Make sure that the file is still as long as when it was opened.

        What is gone from the end of a file looks like a hole.

        Raises:
            ImageError: ``image-truncated``.
        """
        if not self.is_device and os.fstat(self.fd).st_size < self.size:
            raise ImageError(
                "image-truncated",
                f"{self.path} became shorter while it was read",
                hint="make sure that nothing writes to the image, and try again",
            )

    def truncated(self, needed: int, what: str) -> NoReturn:
        """Say that ``what`` reaches to byte ``needed``, behind the end of the file."""
        raise ImageError(
            "image-truncated",
            f"{self.path} ends at byte {self.size}, but its {what} reaches to byte {needed}",
            hint="the file is not whole: copy or download it again",
        )

    def corrupt(self, text: str) -> NoReturn:
        """Say that the file contradicts its own format."""
        raise ImageError(
            "image-corrupt",
            f"{self.path} is damaged: {text}",
            hint="copy the image again from where it came; its own tools may repair the original",
        )

    def close(self) -> None:
        """Close the file; safe to call twice."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


def not_a_file(path: str, words: str) -> NoReturn:
    """Say that ``path`` is something no image can be."""
    raise ImageError(
        "image-not-a-file",
        f"{path} is {words}, not a disk image",
        hint="name the image file itself, or a block device",
    )


def open_host_file(
    path: str, *, dir_fd: int | None = None, flags: int = 0, shown: str = ""
) -> HostFile:
    """Open an image file or block device; messages call it ``shown`` where that is given.

    Raises:
        ImageError: ``image-not-found``, ``image-unreadable`` or ``image-not-a-file``.
    """
    try:
        fd = os.open(path, _FLAGS | flags, dir_fd=dir_fd)
    except (OSError, ValueError) as error:
        _refuse(shown or path, error)
    try:
        return HostFile(shown or path, fd)
    except BaseException:
        os.close(fd)
        raise


def _refuse(path: str, error: OSError | ValueError) -> NoReturn:
    number = error.errno if isinstance(error, OSError) else errno.ENOENT
    if number in (errno.EACCES, errno.EPERM):
        raise ImageError(
            "image-unreadable",
            f"{path} may not be read by this user",
            hint="change its permissions, or run as a user who may read it",
        ) from error
    if number == errno.ENXIO:
        not_a_file(path, "a socket or a device that is not there")
    if number in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP):
        raise ImageError(
            "image-not-found", f"there is no image at {path!r}", hint="check the path"
        ) from error
    raise ImageError("image-unreadable", f"{path} cannot be opened: {error}") from error
