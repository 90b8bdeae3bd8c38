"""The other files an image may name: only beside it, only when the user allows it.

An image comes from a stranger, and a file name inside it would otherwise put any file of this
machine into the disk (CVE-2024-32498, CVE-2022-47951, CVE-2024-4467).
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, Self

from bootworthy.disk.hostfile import HostFile, open_host_file
from bootworthy.model.errors import ImageError
from bootworthy.model.events import Observer, ignore

# Chains of snapshots in the field are a few layers deep; virt-manager warns beyond this.
_MAX_DEPTH = 32

# qemu's own notion of a protocol prefix, block.c path_has_protocol(): a colon before any slash.
_PROTOCOL = re.compile(r"[^/]*:")

_FLATTEN = (
    "flatten it into one file with the tool that made it, "
    "or put both files into one directory, named by a relative path"
)


@dataclass(frozen=True)
class References:
    """What the image at ``path`` may refer to: files below ``root``, when ``allowed``.

    ``base`` is the directory, relative to ``root``, of the file whose names are looked up;
    ``seen`` holds the files of the chain so far, by device and inode; ``wrappings`` the sorts of
    packing that the image was taken out of; ``disk`` names one of several disks in an archive,
    or is its number; ``observer`` is told while something is unpacked.
    """

    root: Path
    path: str
    allowed: bool
    base: str = ""
    seen: tuple[tuple[int, int], ...] = ()
    wrappings: tuple[str, ...] = ()
    disk: str = ""
    observer: Observer = ignore

    @classmethod
    def of(
        cls, file: HostFile, *, allowed: bool, disk: str = "", observer: Observer = ignore
    ) -> Self:
        """What the image the user named may refer to."""
        return cls(
            root=Path(file.path).absolute().parent,
            path=file.path,
            allowed=allowed,
            seen=(file.identity,),
            disk=disk,
            observer=observer,
        )

    def within(self, packing: str) -> References:
        """What an image packed inside this one may refer to: nothing.

        Raises:
            ImageError: ``image-format-unsupported``, for the second ``packing`` of one sort.
        """
        if packing in self.wrappings:
            raise ImageError(
                "image-format-unsupported",
                f"{self.path} is a {packing} inside a {packing}, not read",
                hint="unpack it once, then name the file inside",
            )
        return replace(self, wrappings=(*self.wrappings, packing))

    def open(self, stored: bytes, role: str) -> tuple[HostFile, References]:
        """Open the file ``stored`` names, with what that file may refer to in turn.

        Raises:
            ImageError: ``image-refers-outside`` when it is not allowed or not below the image's
                own directory, ``image-corrupt`` when a chain is endless, or why it cannot be read.
        """
        name = os.fsdecode(stored)
        if self.wrappings:
            self._refuse(name, role, "no other file belongs to a packed image", "unpack it first")
        relative = self._relative(name, role)
        if not self.allowed:
            self._refuse(name, role, "other files are not opened unasked", "pass --allow-backing")
        file = self._open_beneath(relative, name, role)
        try:
            return file, self._followed(file, posixpath.dirname(relative))
        except BaseException:
            file.close()
            raise

    def _relative(self, name: str, role: str) -> str:
        if not name or "\0" in name:
            self._refuse(name, role, "that is no file name", _FLATTEN)
        if _PROTOCOL.match(name):
            self._refuse(name, role, "that is no plain file name", _FLATTEN)
        if name.startswith("/"):
            # posixpath.relpath does not look at any file system.
            relative = posixpath.relpath(posixpath.normpath(name), self.root.resolve())
        else:
            relative = posixpath.normpath(posixpath.join(self.base, name))
        if relative.startswith(("/", "../")) or relative in ("..", "."):
            self._refuse(name, role, "it is outside the image's directory", _FLATTEN)
        return relative

    def _open_beneath(self, relative: str, name: str, role: str) -> HostFile:
        """Open component by component, following no link: openat2's RESOLVE_NO_SYMLINKS."""
        *directories, last = relative.split("/")
        fd = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            device = os.fstat(fd).st_dev
            for directory in directories:
                fd = self._enter(fd, directory, name, role)
            file = self._open_last(fd, last, name, role)
        finally:
            os.close(fd)
        # Another file system may be /proc or /dev, whose files are not what they seem.
        if file.is_device or file.identity[0] != device:
            file.close()
            self._refuse(name, role, "it is a device or on another file system", _FLATTEN)
        return file

    def _enter(self, fd: int, directory: str, name: str, role: str) -> int:
        flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            below = os.open(directory, flags, dir_fd=fd)
        except OSError:
            self._missing(name, role)
        os.close(fd)
        return below

    def _open_last(self, fd: int, last: str, name: str, role: str) -> HostFile:
        try:
            shown = Path(self.path).parent / name
            return open_host_file(last, dir_fd=fd, flags=os.O_NOFOLLOW, shown=str(shown))
        except ImageError as error:
            if error.code == "image-not-found":
                self._missing(name, role)
            raise

    def _followed(self, file: HostFile, base: str) -> References:
        if file.identity in self.seen:
            self._endless("refers to itself in a circle")
        if len(self.seen) >= _MAX_DEPTH:
            self._endless(f"has more than {_MAX_DEPTH} layers")
        return replace(self, base=base, seen=(*self.seen, file.identity))

    def _refuse(self, name: str, role: str, why: str, hint: str) -> NoReturn:
        text = f"{self.path} takes data from a {role}, {name!r}: {why}"
        raise ImageError("image-refers-outside", text, hint=hint)

    def _missing(self, name: str, role: str) -> NoReturn:
        raise ImageError(
            "image-not-found",
            f"the {role} {name!r} of {self.path} is missing, or reached through a symbolic link",
            hint="put it beside the image, as a file of its own",
        )

    def _endless(self, text: str) -> NoReturn:
        raise ImageError("image-corrupt", f"{self.path} {text}", hint=_FLATTEN)
