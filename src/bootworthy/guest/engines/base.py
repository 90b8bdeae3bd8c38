"""What every engine offers: an open guest with its planes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.errors import InternalError
from bootworthy.model.image import FileSystem, Partition

# dracut and update-initramfs for five kernels need minutes under emulation; nothing needs an hour.
PROGRAM_TIMEOUT = 3600.0


class Container(Protocol):
    """What an engine needs to know of the file around a disk."""

    @property
    def path(self) -> str:
        """The host file."""

    @property
    def format(self) -> str:
        """Its format; ``raw`` when the file is the disk byte for byte."""


class Table(Protocol):
    """What an engine needs to know of a partition table."""

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """The partitions in the order of the table."""


class DiskImage(Protocol):
    """What an engine needs to know of a disk; ``disk.image.Image`` is one."""

    @property
    def container(self) -> Container:
        """The file around the disk."""

    @property
    def table(self) -> Table:
        """The partition table."""

    @property
    def file_systems(self) -> tuple[FileSystem, ...]:
        """What the partitions, or the disk as a whole, carry."""

    @property
    def virtual_size(self) -> int:
        """The size of the disk in bytes."""

    def pread(self, offset: int, size: int) -> bytes:
        """``size`` bytes of the disk at ``offset``, fewer only at its end."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """A guest program to run.

    ``network`` lets it reach the network (package managers only). ``mounts`` shows directories of
    the host, read-only, at paths of the guest that start with ``/run/bootworthy/``. ``timeout``
    is in seconds.
    """

    argv: tuple[str, ...]
    network: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    timeout: float = PROGRAM_TIMEOUT


@dataclass(frozen=True, kw_only=True)
class Completed:
    """How a guest program ended; ``output`` is its last 256 KiB of stdout and stderr together."""

    argv: tuple[str, ...]
    code: int
    output: str

    def last_lines(self, count: int = 5) -> str:
        """The last non-empty lines of the output, for messages."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        return "\n".join(lines[-count:])


class Runner(ABC):
    """The plane that runs programs of the guest, in private namespaces or in the appliance."""

    native_speed: bool = True
    """Whether programs run at the speed of this machine, not emulated."""

    def can_run(self) -> str:
        """Why programs of this guest cannot run here; empty when they can."""
        return ""

    @abstractmethod
    def run(self, invocation: Invocation) -> Completed:
        """Run a program as the guest's root and wait for it.

        Raises:
            HostError: the sandbox could not be set up, or the program ran out of time.
        """

    def run_argv(self, *argv: str) -> Completed:
        """Run a program without network."""
        return self.run(Invocation(argv=argv))


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One file system of the image and where the guest's fstab puts it."""

    path: str
    file_system: FileSystem
    options: Sequence[str] = ()


class Session(ABC):
    """An open guest; leaving the context unmounts it and ends what was started for it."""

    engine: str
    """The name of the engine: reader, appliance, host or directory."""

    root: str = "/"
    """Where the guest was found, in words for people: a partition of the image or a directory."""

    mounts: tuple[Mount, ...] = ()
    """Where the file systems of the image are, the root first; empty for a directory."""

    @property
    @abstractmethod
    def tree(self) -> Tree:
        """The read plane."""

    @property
    def writable(self) -> WritableTree:
        """The write plane."""
        if not isinstance(self.tree, WritableTree):
            raise InternalError("engine-cannot-write", f"the {self.engine} engine does not write")
        return self.tree

    @property
    def runner(self) -> Runner | None:
        """The plane that runs guest programs, or None where there is none."""
        return None

    def esp(self) -> Tree | None:
        """The EFI system partition's own tree, whether or not fstab mounts it."""
        return None

    def trim(self) -> int:
        """Give free space of the file systems back to the image file; bytes, 0 if unknown."""
        return 0

    def sync(self) -> None:  # noqa: B027 - an engine that only reads has nothing to write
        """Have every write on the image file.

        Raises:
            HostError: the host ran out of space or the disk failed; the image is not whole.
        """

    @abstractmethod
    def close(self) -> None:
        """Unmount and end what was started; safe to call twice."""

    def __enter__(self) -> Self:
        """Use the session as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the session."""
        self.close()
