"""A FAT inside a disk image, read and written through mtools, without mounting it."""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from bootworthy.guest.engines.beneath import DirectoryTree
from bootworthy.guest.tree import Status, WritableTree
from bootworthy.model.errors import GuestError, HostError, InternalError

# What Linux shows of a FAT: fs/fat, uid=0,gid=0,umask=022.
_MODE = 0o755

# An EFI system partition holds some 100 MiB; copying it takes a second.
_TIMEOUT = 300

# What is in our directory: the copied files, and a link to the image.
_FILES = "files"
_IMAGE = "image"

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C.UTF-8",
    "MTOOLSRC": "/dev/null",
    # A partition's geometry need not agree with what floppies had.
    "MTOOLS_SKIP_CHECK": "1",
}


class FatTree(WritableTree):
    """The FAT at byte ``start`` of the image at ``image``; ``place`` names it in messages.

    Its files are copied out once, when first asked for, and read from there; each change goes to
    the copy and to the image. Names are found whatever their case. FAT has no owners, modes or
    links: setting an owner or a mode changes nothing, making a link fails.

    Raises:
        HostError: ``host-tool-missing``, when mtools is not installed.
    """

    def __init__(self, image: Path, start: int, *, place: str) -> None:
        if shutil.which("mcopy") is None:
            raise HostError(
                "host-tool-missing",
                f"mcopy is needed to reach {place} and is not installed",
                hint="apt install mtools, dnf install mtools, or use --engine appliance",
            )
        self._path = image.absolute()
        self._start = start
        self._place = place
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._tree: DirectoryTree | None = None

    @property
    def _copy(self) -> DirectoryTree:
        if self._tree is None:
            self._directory = tempfile.TemporaryDirectory(prefix="bootworthy-fat-")
            top = Path(self._directory.name)
            (top / _FILES).mkdir()
            (top / _IMAGE).symlink_to(self._path)
            fd = os.open(top / _FILES, os.O_RDONLY | os.O_DIRECTORY)
            self._tree = DirectoryTree(fd, durable=False)
            try:
                if self._run("mdir", "-b", "::/"):
                    self._run("mcopy", "-s", "-n", "-m", "::/*", str(top / _FILES))
            except BaseException:
                self.forget()
                raise
        return self._tree

    def forget(self) -> None:
        """Copy anew when next asked: the image was changed by others."""
        if self._tree is not None:
            self._tree.close()
        if self._directory is not None:
            self._directory.cleanup()
        self._tree = self._directory = None

    def close(self) -> None:
        """Remove the copy."""
        self.forget()

    def _run(self, tool: str, *arguments: str) -> bytes:
        # By a name of our own: mtools takes @@ in a name for an offset.
        argv = [tool, "-i", f"{self._on_host(_IMAGE)}@@{self._start}", *arguments]
        try:
            done = subprocess.run(
                argv,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise self._failure(f"{tool} does not end") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            if "disk full" in said.lower():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), arguments[-1])
            raise self._failure(f"{tool}: {said[-300:]}")
        return done.stdout

    def _failure(self, what: str) -> GuestError:
        return GuestError(
            "guest-file-system-corrupt",
            f"{self._place} cannot be reached: {what}",
            hint="check the file system (fsck.fat) where the image comes from",
        )

    def _real(self, path: str) -> str:
        """``path`` in the case it has on the disk; what is missing keeps its own."""
        real = "/"
        for part in (part for part in path.split("/") if part):
            names = {name.casefold(): name for name in self._names(real)}
            real = posixpath.join(real, names.get(part.casefold(), part))
        return real

    def _names(self, path: str) -> list[str]:
        try:
            return self._copy.listdir_at(path)
        except OSError:
            return []

    def _on_host(self, name: str) -> str:
        if self._directory is None:
            raise InternalError("fat-not-copied", f"{self._place} was not copied out")
        return f"{self._directory.name}/{name}"

    def lstat_at(self, path: str) -> Status:
        """Status with the owner and mode that Linux shows."""
        return replace(self._copy.lstat_at(self._real(path)), mode=_MODE, uid=0, gid=0)

    def listdir_at(self, path: str) -> list[str]:
        """Names in a directory."""
        return self._copy.listdir_at(self._real(path))

    def readlink_at(self, path: str) -> str:
        """Never: EINVAL."""
        return self._copy.readlink_at(self._real(path))

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Bytes of a file."""
        return self._copy.pread_at(self._real(path), size, offset)

    def write_at(self, path: str, data: bytes, mode: int) -> None:
        """Replace or create a file; FAT cannot do it at one stroke.

        Where there is no room, what was there comes back: it is what the machine boots with.
        """
        real = self._real(path)
        old = self._old(real)
        try:
            self._put(real, data, mode)
        except OSError:
            self.forget()
            if old is not None:
                self._put(real, old, mode)
            elif self._old(real) is not None:
                self.unlink_at(real)
            raise

    def _old(self, real: str) -> bytes | None:
        try:
            return self._copy.pread_at(real, self._copy.lstat_at(real).size, 0)
        except FileNotFoundError:
            return None

    def _put(self, real: str, data: bytes, mode: int) -> None:
        self._copy.write_at(real, data, mode)
        self._run("mcopy", "-o", "-n", self._on_host(_FILES + real), f"::{real}")

    def mkdir_at(self, path: str, mode: int) -> None:
        """Create a directory."""
        real = self._real(path)
        self._copy.mkdir_at(real, mode)
        self._run("mmd", f"::{real}")

    def symlink_at(self, target: str, path: str) -> None:  # noqa: ARG002
        """Never: EPERM, as Linux says."""
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)

    def unlink_at(self, path: str) -> None:
        """Remove a file."""
        real = self._real(path)
        self._copy.unlink_at(real)
        self._run("mdel", f"::{real}")

    def rmdir_at(self, path: str) -> None:
        """Remove an empty directory."""
        real = self._real(path)
        self._copy.rmdir_at(real)
        self._run("mrd", f"::{real}")

    def chmod_at(self, path: str, mode: int) -> None:  # noqa: ARG002
        """Nothing: FAT has no modes."""
        self.lstat_at(path)

    def chown_at(self, path: str, uid: int, gid: int) -> None:  # noqa: ARG002
        """Nothing: FAT has no owners."""
        self.lstat_at(path)
