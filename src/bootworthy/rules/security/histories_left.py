"""Histories of shells and other programs are in the image."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import non_empty_files, shorten
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
    """No home directory holds a history.

    A link is none: leading to /dev/null is how a history is kept from growing.
    """
    people = (escape(account.home.rstrip("/")) for account in subject.linux.accounts.people)
    homes = dict.fromkeys((*_HOMES, *people))
    patterns = tuple(f"{home}/{name}" for home in homes for name in _NAMES)
    found = non_empty_files(subject.linux.tree, patterns)
    if found:
        yield Violation(
            message="histories of earlier users are in the image",
            place=Place(found[0]),
            found=shorten(found),
            expected="none",
            fix=Fix(
                title="remove the histories",
                steps=(RemovePaths(patterns=tuple(map(escape, found))),),
            ),
        )
