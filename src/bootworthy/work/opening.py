"""Open what a verb is about: a disk image with the guest in it, a directory, or this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from bootworthy.disk.image import Image, open_image
from bootworthy.guest.engines.base import Session
from bootworthy.guest.engines.select import open_directory_session, open_guest_session
from bootworthy.guest.guest import Guest
from bootworthy.model.errors import UsageError
from bootworthy.model.events import Observer, ignore
from bootworthy.model.intent import Intent
from bootworthy.rules.subject import Subject
from bootworthy.work.reopening import words_to_reopen
from bootworthy.work.target import guest_of

PathLike: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a guest is reached: engine, which Linux, what a qcow2 may refer to.

    ``partial`` says that a directory holds only the files that are laid over a Linux.
    ``disk`` is the name or the number of one of the disks in an archive.
    """

    engine: str = "auto"
    guest: str | None = None
    allow_backing: bool = False
    disk: str = ""
    trust_image: bool = False
    partial: bool = False
    observer: Observer = ignore


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An open subject; ``image`` is None for directories. ``words`` are what opens it again."""

    name: str
    session: Session
    guest: Guest
    image: Image | None = None
    words: tuple[str, ...] = ()

    def subject(self, intent: Intent) -> Subject:
        """What rules look at."""
        return Subject(intent=intent, image=self.image, guest=self.guest, live=self.name == "/")


@contextmanager
def opened(
    image: PathLike | None, root: PathLike | None, reading: Reading, *, writable: bool = False
) -> Iterator[Opened]:
    """Open an image for reading, or a directory for reading or writing.

    Raises:
        UsageError: not exactly one of ``image`` and ``root`` is given.
        ImageError: the image cannot be read, or holds no Linux we can reach.
        HostError: this machine lacks what the engine needs.
    """
    if (image is None) == (root is None):
        raise UsageError("usage", "name either an image or a root directory")
    with ExitStack() as stack:
        if root is not None:
            tree = open_directory_session(
                os.fspath(root), writable, partial=reading.partial, observer=reading.observer
            )
            found = _of_session(os.fspath(root), stack.enter_context(tree), None)
            yield replace(found, words=("--partial",) if reading.partial else ())
        elif image is not None:
            disk = stack.enter_context(
                open_image(
                    image,
                    allow_backing=reading.allow_backing,
                    disk=reading.disk,
                    observer=reading.observer,
                )
            )
            yield stack.enter_context(guest_in(disk, image, reading))


@contextmanager
def guest_in(disk: Image, name: PathLike, reading: Reading) -> Iterator[Opened]:
    """The guest of an open disk image, for reading; ``disk`` stays open.

    Raises:
        ImageError: the image holds no Linux we can reach.
        HostError: this machine lacks what the engine needs.
    """
    with session_of(disk, reading, writable=False) as session:
        words = words_to_reopen(disk.container, disk=reading.disk, guest=reading.guest)
        yield replace(_of_session(os.fspath(name), session, disk), words=words)


def _of_session(name: str, session: Session, image: Image | None) -> Opened:
    return Opened(name=name, session=session, guest=guest_of(session), image=image)


def session_of(disk: Image, reading: Reading, *, writable: bool) -> Session:
    """Open the guest of ``disk`` with the engine asked for."""
    return open_guest_session(
        disk,
        engine=reading.engine,
        writable=writable,
        guest=reading.guest,
        trust_image=reading.trust_image,
        observer=reading.observer,
    )
