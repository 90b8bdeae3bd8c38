"""Histories of shells and other programs are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NAMES = (
    ".bash_history",
    ".zsh_history",
    ".history",
    ".sh_history",
    ".ash_history",
    ".python_history",
    ".mysql_history",
    ".psql_history",
    ".sqlite_history",
    ".lesshst",
    ".viminfo",
    ".local/share/fish/fish_history",
)
_HOMES = ("/root", "/home/*")


@rule(
    code="SEC-11",
    name="history-left",
    severity=Severity.WARNING,
    why="Histories hold passwords and the ways of the old machine; certification refuses them.",
    when=(generalized, has_guest),
    article=(66,),
    sources=(sources.ARTICLE, sources.CERTIFICATION),
    deviation="`sudo export HISTSIZE=0` cannot run, export is a word of the shell; and the article "
    "clears one user's bash only: every history of every home is removed",
)
def check(subject: Subject) -> Iterator[Violation]:
    """No home directory holds a history."""
    tree = subject.linux.tree
    patterns = tuple(f"{home}/{name}" for home in _HOMES for name in _NAMES)
    found = [path for pattern in patterns for path in tree.glob(pattern)]
    if found:
        yield Violation(
            message="histories of earlier users are in the image",
            place=Place(found[0]),
            found=", ".join(found),
            expected="none",
            fix=Fix(title="remove the histories", steps=(RemovePaths(patterns=tuple(found)),)),
        )
