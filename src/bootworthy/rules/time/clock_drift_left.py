"""How the old machine's hardware clock went is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATH = "/etc/adjtime"
_FIX = Fix(title="remove it", steps=(RemovePaths(patterns=(_PATH,)),))


@rule(
    code="TIME-07",
    name="clock-drift-left",
    severity=Severity.NOTE,
    why="The clock is corrected by what another machine's hardware did.",
    when=(generalized, has_guest),
    sources=("https://man7.org/linux/man-pages/man5/adjtime_config.5.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/adjtime has no drift and says UTC, as the clock of Azure's host does.

    A warning for local time, by which the clock is hours wrong.
    """
    lines = _lines(subject.linux.tree)
    drift = (lines[0].split() or ["0"])[0] if lines else "0"
    local = len(lines) > 2 and lines[2].strip() == "LOCAL"  # noqa: PLR2004 - the third line
    if local or (_is_number(drift) and float(drift)):
        yield Violation(
            message="the hardware clock of another machine is described",
            place=Place(_PATH, 3 if local else 1),
            found="LOCAL" if local else f"drift of {drift} s a day",
            expected="no drift, and UTC",
            fix=_FIX,
            severity=Severity.WARNING if local else None,
        )


def _lines(tree: Tree) -> list[str]:
    try:
        return (read_configuration(tree, _PATH) or "").splitlines()
    except GuestError:
        return []


def _is_number(word: str) -> bool:
    whole, _, fraction = word.lstrip("+-").partition(".")
    return len(word) < 40 and (whole + fraction).isascii() and (whole + fraction).isdigit()  # noqa: PLR2004 - no drift is as long
