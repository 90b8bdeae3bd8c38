"""The journal of a conversion: how far it came, for which source, so that it can go on.

It lies beside the file at work and is one line of JSON that is rewritten in place. What the file
holds below ``reached`` was written by this boot of this machine: a process that is killed loses
nothing of it, a machine that goes down may lose all, and then the conversion starts again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from bootworthy.disk.container import Container
from bootworthy.disk.copying import write_at
from bootworthy.model.errors import HostError

_SUFFIX = ".journal"
_VERSION = 1
_MAX_BYTES = 4096
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a journal belongs to: the source, what is made of it, the file at work.

    ``source`` is a digest of the format and of every host file's device, inode, size and time of
    change; ``size`` is the disk's in bytes; ``partial`` the device and inode of the file at work.
    """

    source: str
    writer: str
    size: int
    partial: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Record:
    """A journal as it was found; ``same_boot`` tells whether what is ``reached`` can be there."""

    task: Task
    reached: int
    same_boot: bool


def identity_of(container: Container) -> str:
    """A digest that changes when the source does.

    Of what was unpacked for this run only, the file that the user named tells the identity.
    """
    files = {container.file, *container.files()}
    stats = [os.fstat(file.fd) for file in files if os.fstat(file.fd).st_nlink]
    with suppress(OSError):
        stats.append(Path(container.path).stat())
    parts = sorted({(st.st_dev, st.st_ino, st.st_size, st.st_mtime_ns) for st in stats})
    text = json.dumps([container.format, container.member, container.virtual_size, parts])
    return hashlib.sha256(text.encode()).hexdigest()


def path_of(partial: Path) -> Path:
    """The journal of a file at work."""
    return partial.with_name(partial.name + _SUFFIX)


class Journal:
    """An open journal; as a context it is closed at the end, and stays."""

    def __init__(self, path: Path, task: Task) -> None:
        self.path = path
        self._task = task
        self._boot = _boot_id()
        self._reached = -1
        try:
            discard(path)
            self._fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise HostError(
                "output-not-writable",
                f"{path} cannot be written: {error.strerror}",
                hint="choose another folder, or move what has that name",
            ) from error

    def reached(self, offset: int) -> None:
        """Remember that all of the disk below ``offset`` is in the file."""
        if offset > self._reached:
            self._reached = offset
            write_at(self._fd, _packed(self._task, offset, self._boot), 0)

    def __enter__(self) -> Self:
        """Use the journal as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal."""
        os.close(self._fd)


def _packed(task: Task, reached: int, boot: str) -> bytes:
    record = {
        "version": _VERSION,
        "source": task.source,
        "writer": task.writer,
        "size": task.size,
        "partial": task.partial,
        "boot": boot,
        # Of fixed width, so that a line never gets shorter and leaves an end behind.
        "reached": f"{reached:020d}",
    }
    text = json.dumps(record)
    return f"{zlib.crc32(text.encode()):08x} {text}\n".encode()


def load(path: Path) -> Record | None:
    """The journal at ``path``; None when there is none, or none that is whole."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        return _parsed(os.read(fd, _MAX_BYTES))
    finally:
        os.close(fd)


def _parsed(raw: bytes) -> Record | None:
    checksum, _, text = raw.rstrip(b"\n").partition(b" ")
    if checksum != f"{zlib.crc32(text):08x}".encode():
        return None
    try:
        return _record(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return None


def _record(found: dict[str, Any]) -> Record | None:
    if found["version"] != _VERSION:
        return None
    device, inode = found["partial"]
    task = Task(
        source=found["source"],
        writer=found["writer"],
        size=found["size"],
        partial=(device, inode),
    )
    boot = _boot_id()
    same_boot = bool(boot) and found["boot"] == boot
    return Record(task=task, reached=int(found["reached"]), same_boot=same_boot)


def discard(path: Path) -> None:
    """Delete a journal that may be there."""
    path.unlink(missing_ok=True)


def differences(record: Record, task: Task) -> Iterable[str]:
    """What is not as when the conversion began, in words."""
    found = record.task
    if found.source != task.source:
        yield "the source changed"
    if (found.writer, found.size) != (task.writer, task.size):
        yield f"it was writing {found.size} bytes as {found.writer}"
    if replace(found, partial=task.partial) == task and found.partial != task.partial:
        yield "the unfinished file is another one"


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
