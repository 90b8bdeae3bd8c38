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
    name = subject.linux.tree.text_or(PATH).strip()
    if name not in _GENERIC:
        yield Violation(
            message="the host name of the old machine is set",
            place=Place(PATH, 1),
            found=name,
            expected="localhost",
            fix=Fix(title="reset the host name", steps=(ResetHostName(),)),
        )
