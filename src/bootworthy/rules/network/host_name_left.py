"""The host name of the old machine is still set."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import ResetHostName
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

PATH = "/etc/hostname"
_GENERIC = frozenset(("", "localhost", "localhost.localdomain", "localhost.local", "(none)"))


@rule(
    code="NET-22",
    name="host-name-left",
    severity=Severity.WARNING,
    why="New machines call themselves by the old name until they are provisioned, also in DNS.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.AGENT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/hostname is empty or localhost."""
    number, name = _name(subject.linux.tree.text_or(PATH))
    if name not in _GENERIC:
        yield Violation(
            message="the host name of the old machine is set",
            place=Place(PATH, number),
            found=name,
            expected="localhost",
            fix=Fix(title="reset the host name", steps=(ResetHostName(),)),
        )


def _name(text: str) -> tuple[int, str]:
    """The line that counts, with its number; hostname(5) allows comments above it."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return next(((n, line) for n, line in lines if line and not line.startswith("#")), (1, ""))
