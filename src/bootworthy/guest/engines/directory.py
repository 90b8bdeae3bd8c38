"""A guest in a directory, or the Linux that runs this very process."""

from __future__ import annotations

import os
import posixpath
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from shlex import quote

from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.base import Completed, Invocation, Runner, Session
from bootworthy.guest.engines.beneath import DirectoryTree, ReadOnlyDirectoryTree
from bootworthy.guest.engines.capture import Output, drain
from bootworthy.guest.engines.environment import environment_of
from bootworthy.guest.engines.sandbox.runner import Place, SandboxRunner, checked_binds
from bootworthy.guest.facts import fstab
from bootworthy.guest.layout import is_root
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError, HostError, InternalError, UsageError
from bootworthy.model.events import Observer, ignore

# Where the running kernel shows itself and what is gone after a boot.
_VOLATILE = frozenset({"/proc", "/sys", "/dev", "/run"})

# Where the EFI system partition is mounted: systemd, the Linux distributions, Arch.
_ESP_PLACES = ("/efi", "/boot/efi", "/boot")


# The directories of an invocation are shown below it.
_BINDS = Path("/run/bootworthy")


class _Living:
    """Of the running machine, the directories of the kernel look empty and can be read below.

    ``listdir`` of /proc, /sys, /dev and /run finds nothing, so no walk or pattern goes there;
    paths in them that are named in full work.
    """

    def listdir_at(self, path: str) -> list[str]:
        """Names in a directory, none in those of the kernel."""
        if path in _VOLATILE:
            return []
        names: list[str] = super().listdir_at(path)  # type: ignore[misc] # of the tree mixed with
        return names


class _LivingTree(_Living, ReadOnlyDirectoryTree):
    """The running machine, read."""


class _WritableLivingTree(_Living, DirectoryTree):
    """The running machine, read and written."""


class DirectorySession(Session):
    """The guest whose root is the directory at ``path``; ``/`` is this machine itself.

    Programs of a directory run in a sandbox with that root; those of this machine just run.
    ``partial`` takes a directory that holds only a few files of a Linux.

    Raises:
        UsageError: ``root-not-a-directory``.
        GuestError: ``guest-not-found``, when there is no Linux in it.
    """

    engine = "directory"

    def __init__(
        self, path: str, *, writable: bool, partial: bool = False, observer: Observer = ignore
    ) -> None:
        self.root = path
        self._stack = ExitStack()
        self._living = os.path.realpath(path) == "/"
        fd = _opened(path)
        self._tree = self._tree_of(fd, writable=writable)
        self._stack.callback(self._tree.close)
        if not partial and not is_root(self._tree):
            self.close()
            raise GuestError(
                "guest-not-found",
                f"there is no Linux in {path}: neither os-release nor fstab and passwd",
                hint="name the directory that holds its etc and usr",
            )
        self._esp = self._find_esp(writable=writable)
        self._runner = self._runner_of(observer)

    def _tree_of(self, fd: int, *, writable: bool) -> ReadOnlyDirectoryTree:
        if self._living:
            return _WritableLivingTree(fd) if writable else _LivingTree(fd)
        return DirectoryTree(fd) if writable else ReadOnlyDirectoryTree(fd)

    def _runner_of(self, observer: Observer) -> Runner | None:
        if not isinstance(self._tree, DirectoryTree):
            return None
        if self._living:
            return LivingRunner(observer)
        place = Place(directory=self._tree.fd, kernel_arguments=_kernel_arguments(self._tree))
        return SandboxRunner(self._tree, place, observer)

    def _find_esp(self, *, writable: bool) -> Tree | None:
        for place in _ESP_PLACES:
            if self._tree.is_dir(f"{place}/EFI"):
                fd = self._tree.open_directory(self._tree.resolve(place))
                tree = DirectoryTree(fd) if writable else ReadOnlyDirectoryTree(fd)
                self._stack.callback(tree.close)
                return tree
        return None

    @property
    def tree(self) -> Tree:
        """The read plane, and the write plane when that was asked for."""
        return self._tree

    @property
    def runner(self) -> Runner | None:
        """Programs run when the session writes."""
        return self._runner

    def esp(self) -> Tree | None:
        """What is mounted, or kept, where the EFI system partition belongs."""
        return self._esp

    def sync(self) -> None:
        """Write back the file system that holds the directory.

        Raises:
            HostError: ``host-disk-failed``.
        """
        try:
            syscalls.syncfs(self._tree.fd)
        except OSError as error:
            raise HostError(
                "host-disk-failed",
                f"{self.root} could not be written back: {error.strerror}",
                hint="look at the kernel's log (dmesg) for what happened to the disk",
            ) from error

    def close(self) -> None:
        """Close the directory; safe to call twice."""
        self._stack.close()


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            "root-not-a-directory",
            f"{path} cannot be opened as a directory: {error.strerror}",
            hint="name the directory that a Linux is unpacked or mounted in",
        ) from error


def _kernel_arguments(tree: Tree) -> str:
    roots = [entry.spec for entry in fstab.read(tree).entries if entry.mount_point == "/"]
    return f"root={roots[0]} ro" if roots else "ro"


class LivingRunner(Runner):
    """Runs programs of this machine as they are, with a clean environment."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def can_run(self) -> str:
        """Only root administers a machine."""
        return "" if os.geteuid() == 0 else "changing this machine needs root"

    def run(self, invocation: Invocation) -> Completed:
        """Run a program and wait for it.

        Raises:
            HostError: ``host-program-timeout``.
        """
        output = Output(posixpath.basename(invocation.argv[0]), self._observer)
        try:
            code = self._run(invocation, output)
        finally:
            with suppress(OSError):
                _BINDS.rmdir()
        return Completed(argv=invocation.argv, code=code, output=output.end())

    def _run(self, invocation: Invocation, output: Output) -> int:
        deadline = time.monotonic() + invocation.timeout
        try:
            process = subprocess.Popen(
                (*_binding(invocation.mounts), *invocation.argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment_of(invocation, offline=False),
                start_new_session=True,
            )
        except OSError as error:
            output.feed(f"{invocation.argv[0]}: {error.strerror}".encode())
            return 127
        with process:
            if process.stdout is None:
                raise InternalError("no-pipes", "a program was started without a pipe")
            if not drain({process.stdout.fileno(): output.feed}, deadline):
                os.killpg(process.pid, signal.SIGKILL)
                raise HostError(
                    "host-program-timeout",
                    f"{invocation.argv[0]} did not end within {invocation.timeout:.0f} s",
                    hint="look at its output with -v",
                )
            code = process.wait()
        return code if code >= 0 else 128 - code


def _binding(mounts: Mapping[str, str]) -> tuple[str, ...]:
    """What to put before a program so that it, and nobody else, sees ``mounts``."""
    binds = sorted(checked_binds(mounts).items())
    if not binds:
        return ()
    lines = [f"mkdir -p {_BINDS}", f"mount -t tmpfs tmpfs {_BINDS}"]
    for path, host in binds:
        lines.append(f"mkdir -p {quote(path)}")
        lines.append(f"mount --bind -o ro {quote(host)} {quote(path)}")
    script = "\n".join(["set -e", *lines, 'exec "$@"'])
    return ("unshare", "--mount", "sh", "-c", script, "sh")
