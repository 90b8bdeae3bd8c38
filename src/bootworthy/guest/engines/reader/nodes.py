"""A file system's nodes as a tree: lookup by path, caches, and every parser's error translated."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, NoReturn, Protocol, TypeVar

from bootworthy.guest.engines.reader.source import Work
from bootworthy.guest.tree import Kind, Status, Tree
from bootworthy.model.errors import BootworthyError, GuestError

# include/uapi/linux/limits.h: a longer path or link is not one that Linux made.
PATH_MAX = 4096

# A directory of this many bytes holds several million names.
MAX_DIRECTORY = 256 << 20

# Units of Work: a block map of 8 MiB, a directory or a read of 256 MiB.
MAP_WORK = 2048
READ_WORK = 65536

# What one pread may return at most, in bytes.
_MAX_PREAD = 64 << 20

_MAX_NAMES = 1_000_000
_CACHED_NAMES = 400_000
_CACHED_STATUSES = 200_000
_CACHED_STREAMS = 8


class Stream(Protocol):
    """A file's contents."""

    def seek(self, position: int) -> int:
        """Go to a byte."""

    def read(self, size: int) -> bytes:
        """Read from there."""


NodeT = TypeVar("NodeT")


class Volume(ABC, Generic[NodeT]):
    """One file system as its parser sees it; any exception means that it is damaged."""

    ignores_case = False

    @property
    @abstractmethod
    def root(self) -> NodeT:
        """The root directory."""

    @abstractmethod
    def identity(self, node: NodeT) -> Hashable:
        """The same for the same directory, however it was reached."""

    @abstractmethod
    def status(self, node: NodeT) -> Status:
        """What ``lstat`` would say."""

    @abstractmethod
    def entries(self, node: NodeT) -> Iterator[tuple[str, NodeT]]:
        """The names in a directory and what they name; dots may be among them."""

    @abstractmethod
    def link(self, node: NodeT) -> str:
        """The target of a link of at most PATH_MAX bytes."""

    @abstractmethod
    def content(self, node: NodeT) -> Stream:
        """The bytes of a regular file."""


class NodeTree(Tree, Generic[NodeT]):
    """The tree of a volume; ``place`` names it in messages. Not for several threads at once."""

    def __init__(self, volume: Volume[NodeT], work: Work, place: str) -> None:
        self._volume = volume
        self._work = work
        self._place = place
        self._directories: OrderedDict[str, dict[str, tuple[str, NodeT]]] = OrderedDict()
        self._names = 0
        self._statuses: dict[str, Status] = {}
        self._streams: OrderedDict[str, Stream] = OrderedDict()

    def lstat_at(self, path: str) -> Status:
        """Status of a node."""
        return self._statuses.get(path) or self._status(path, self._find(path))

    def listdir_at(self, path: str) -> list[str]:
        """Names in a directory as they are stored."""
        self._require(path, Kind.DIRECTORY, errno.ENOTDIR)
        return [name for name, _ in self._entries(path, self._find(path)).values()]

    def readlink_at(self, path: str) -> str:
        """Target of a link."""
        status = self._require(path, Kind.LINK, errno.EINVAL)
        if status.size > PATH_MAX:
            self._damaged(path, f"a link of {status.size} bytes")
        node = self._find(path)
        with self._guarded(path, MAP_WORK):
            return self._volume.link(node)

    def pread_at(self, path: str, size: int, offset: int) -> bytes:
        """Bytes of a regular file; all that are asked for unless the file ends."""
        status = self._require(path, Kind.FILE, errno.EINVAL)
        size = min(size, status.size - offset, _MAX_PREAD)
        if size <= 0:
            return b""
        stream = self._stream(path)
        with self._guarded(path, READ_WORK):
            stream.seek(offset)
            data = stream.read(size)
        if len(data) != size:
            self._damaged(path, f"{len(data)} bytes at {offset} where there should be {size}")
        return data

    def _stream(self, path: str) -> Stream:
        if path in self._streams:
            self._streams.move_to_end(path)
            return self._streams[path]
        node = self._find(path)
        with self._guarded(path, MAP_WORK):
            stream = self._volume.content(node)
        self._streams[path] = stream
        if len(self._streams) > _CACHED_STREAMS:
            self._streams.popitem(last=False)
        return stream

    def _require(self, path: str, kind: Kind, otherwise: int) -> Status:
        status = self.lstat_at(path)
        if status.kind is not kind:
            raise OSError(otherwise, os.strerror(otherwise), path)
        return status

    def _status(self, path: str, node: NodeT) -> Status:
        known = self._statuses.get(path)
        if known is None:
            with self._guarded(path, MAP_WORK):
                known = self._volume.status(node)
            if len(self._statuses) >= _CACHED_STATUSES:
                self._statuses.clear()
            self._statuses[path] = known
        return known

    def _find(self, path: str) -> NodeT:
        if len(path) > PATH_MAX:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path[:80])
        node = self._volume.root
        above = {self._volume.identity(node)}
        place = "/"
        for part in (part for part in path.split("/") if part):
            found = self._entries(place, node).get(self._key(part))
            if found is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            node = found[1]
            place = f"{place.rstrip('/')}/{part}"
            if place != path:
                self._enter(place, node, above)
        return node

    def _enter(self, place: str, node: NodeT, above: set[Hashable]) -> None:
        kind = self._status(place, node).kind
        if kind is not Kind.DIRECTORY:
            number = errno.ELOOP if kind is Kind.LINK else errno.ENOTDIR
            raise OSError(number, os.strerror(number), place)
        identity = self._volume.identity(node)
        if identity in above:
            self._damaged(place, "a directory is inside itself")
        above.add(identity)

    def _key(self, name: str) -> str:
        return name.casefold() if self._volume.ignores_case else name

    def _entries(self, path: str, node: NodeT) -> dict[str, tuple[str, NodeT]]:
        if path in self._directories:
            self._directories.move_to_end(path)
            return self._directories[path]
        with self._guarded(path, READ_WORK):
            names = self._read_entries(node)
        self._keep(path, names)
        return names

    def _read_entries(self, node: NodeT) -> dict[str, tuple[str, NodeT]]:
        names: dict[str, tuple[str, NodeT]] = {}
        for count, (name, child) in enumerate(self._volume.entries(node)):
            if count > _MAX_NAMES:
                raise ValueError(f"a directory of more than {_MAX_NAMES} names")
            if name in (".", ".."):
                continue
            # Linux refuses such names too: fs/readdir.c, verify_dirent_name.
            if not name or "/" in name or "\0" in name:
                raise ValueError(f"a file cannot be called {name!r}")
            names.setdefault(self._key(name), (name, child))
        return names

    def _keep(self, path: str, names: dict[str, tuple[str, NodeT]]) -> None:
        self._directories[path] = names
        self._names += len(names)
        while self._names > _CACHED_NAMES and len(self._directories) > 1:
            self._names -= len(self._directories.popitem(last=False)[1])

    @contextmanager
    def _guarded(self, path: str, units: int) -> Iterator[None]:
        with guarded(f"{path} on {self._place}"), self._work.limit(units):
            yield

    def _damaged(self, path: str, what: str) -> NoReturn:
        raise damaged(f"{path} on {self._place}", what)


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Make whatever a parser raises on a damaged file system an error that names ``what``."""
    try:
        yield
    except BootworthyError:
        raise
    except NotImplementedError as error:
        raise unsupported(what, str(error)) from error
    except Exception as error:
        raise damaged(what, f"{type(error).__name__}: {error}") from error


def damaged(what: str, why: str) -> GuestError:
    """The error for structures that make no sense."""
    return GuestError(
        "guest-file-system-corrupt",
        f"{what} cannot be read: {why[:200]}",
        hint="check the file system (fsck) where the image comes from, and copy it again",
    )


def unsupported(what: str, why: str) -> GuestError:
    """The error for what is sound and beyond this engine."""
    return GuestError(
        "guest-file-system-unsupported",
        f"{what} cannot be read without mounting it: {why[:200]}",
        hint="use --engine appliance, which reads what Linux reads",
    )
