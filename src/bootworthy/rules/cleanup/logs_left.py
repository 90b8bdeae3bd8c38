"""Logs of the old machine are in the image."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EmptyFiles, RemovePaths
from bootworthy.rules.cleanup.leftovers import shorten
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_LOGS = "/var/log"

# Directories whose contents only make sense whole, rotated copies, and what installers leave.
_REMOVED = (
    "/var/log/journal/*",
    "/var/log/installer",
    "/var/log/anaconda",
    "/var/log/*.gz",
    "/var/log/*.xz",
    "/var/log/*.[0-9]",
    "/var/log/*-20[0-9][0-9][0-9][0-9][0-9][0-9]*",
    "/var/log/*/*.gz",
    "/var/log/*/*.[0-9]",
)


@rule(
    code="CLEAN-13",
    name="logs-left",
    severity=Severity.NOTE,
    why="They hold names, addresses and commands of the old machine, and confuse the new one's.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Logs are empty, journals and rotated logs gone; the files themselves stay."""
    tree = subject.linux.tree
    removed = [path for pattern in _REMOVED for path in tree.glob(pattern)]
    full = [path for path in _full_logs(tree) if not _is_below(path, removed)]
    if removed or full:
        yield Violation(
            message="logs of the old machine are in the image",
            place=Place((removed or full)[0]),
            found=shorten(removed + full),
            expected="empty logs",
            fix=_fix(full),
        )


def _fix(full: list[str]) -> Fix:
    remove = RemovePaths(patterns=_REMOVED)
    empty = (EmptyFiles(patterns=tuple(map(escape, full))),) if full else ()
    return Fix(title="empty the logs, remove journals and rotated copies", steps=(*empty, remove))


def _full_logs(tree: Tree) -> Iterator[str]:
    if tree.is_dir(_LOGS):
        for path, status in tree.walk(_LOGS):
            if status.kind is Kind.FILE and status.size:
                yield path


def _is_below(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)
