"""Files and directories a guest program needs for its run and that are gone afterwards."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from bootworthy.guest.engines.sandbox.confinement import ShownFile
from bootworthy.guest.tree import Kind, WritableTree

_POLICY_PATH = "/usr/sbin/policy-rc.d"
_INVOKE = "/usr/sbin/invoke-rc.d"

# Debian's way to say that no service may be started or stopped: 101, action forbidden
# (/usr/share/doc/init-system-helpers/README.policy-rc.d.gz).
_POLICY = "#!/bin/sh\nexit 101\n"

_RESOLVER = "/etc/resolv.conf"
_MOUNT_POINTS = ("/dev", "/proc", "/sys", "/run", "/tmp")  # noqa: S108 - the guest's

# As many links as Linux follows.
_MAX_LINKS = 40


@contextmanager
def temporary_traces(tree: WritableTree, resolver: str | None) -> Iterator[tuple[ShownFile, ...]]:
    """Make what a run needs and the guest lacks; yields what to show over what it has.

    ``resolver`` is the text of resolv.conf, None without network. What the program changed
    meanwhile stays, as it belongs to the guest then.
    """
    with ExitStack() as stack:
        for path in _MOUNT_POINTS:
            stack.enter_context(_directory(tree, path))
        files = []
        if tree.exists(_INVOKE):
            files.append(ShownFile(path=_POLICY_PATH, text=_POLICY, mode=0o755))
        if resolver is not None:
            files.append(ShownFile(path=place_of(tree, _RESOLVER), text=resolver))
        for file in files:
            if not is_temporary(file.path):
                stack.enter_context(_existing(tree, file))
        yield tuple(files)


def is_temporary(path: str) -> bool:
    """Whether a canonical path is in what is a fresh tmpfs during a run."""
    return path.startswith(("/run/", "/tmp/"))  # noqa: S108 - the guest's


def place_of(tree: WritableTree, path: str) -> str:
    """Where ``path`` leads even if nothing is there: what is in /run appears with the run."""
    pending = [part for part in reversed(path.split("/")) if part]
    place = "/"
    links = 0
    while pending:
        name = pending.pop()
        place = posixpath.normpath(posixpath.join(place, name))
        if links < _MAX_LINKS and tree.is_link(place):
            links += 1
            target = tree.readlink(place)
            place = "/" if target.startswith("/") else posixpath.dirname(place)
            pending += [part for part in reversed(target.split("/")) if part]
    return place


@contextmanager
def _directory(tree: WritableTree, path: str) -> Iterator[None]:
    """Have a directory at ``path``, with those above it; the ones that were missing go again."""
    missing = []
    while not (tree.is_link(path) or tree.exists(path)):
        missing.append(path)
        path = posixpath.dirname(path)
    for made in reversed(missing):
        tree.make_dirs(made)
    try:
        yield
    finally:
        with suppress(OSError):  # the program put something there
            for made in missing:
                tree.rmdir_at(made)


@contextmanager
def _existing(tree: WritableTree, file: ShownFile) -> Iterator[None]:
    """Have a file to show another one over; it says the same, in case it is ever found."""
    if tree.is_file(file.path):
        yield
        return
    with _directory(tree, posixpath.dirname(file.path)):
        tree.write_text(file.path, file.text, mode=file.mode)
        try:
            yield
        finally:
            if tree.kind(file.path) is Kind.FILE and tree.text_or(file.path) == file.text:
                tree.remove(file.path)
