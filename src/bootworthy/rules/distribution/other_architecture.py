"""The guest is for another processor than the one asked for."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


def _asked_for(subject: Subject) -> str:
    return "" if subject.intent.architecture else "--architecture is not given"


@rule(
    code="DIST-04",
    name="other-architecture",
    severity=Severity.ERROR,
    why="A machine of one architecture cannot start a disk made for the other.",
    when=(has_guest, _asked_for),
    sources=(sources.DIRECT_UPLOAD, sources.GENERATION_2),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The guest's programs are for the architecture of the machines it is meant for."""
    wanted, found = subject.intent.architecture, subject.linux.architecture
    if wanted and found and found is not wanted:
        yield Violation(
            message=f"the guest is for {found.value}, not for {wanted.value}",
            place=Place("/bin/sh"),
            found=found.value,
            expected=wanted.value,
            fix=by_hand(f"upload it as {found.value}, or install the edition for {wanted.value}"),
        )
