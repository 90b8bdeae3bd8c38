"""A line of fstab is not one."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-13",
    name="fstab-line-broken",
    severity=Severity.ERROR,
    why="systemd drops to emergency mode over a mount that fails, and nobody is there to see it.",
    when=(has_guest,),
    sources=(sources.FSTAB_ERRORS, "fstab(5)"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every line has the fields that fstab(5) asks for."""
    for bad in subject.linux.fstab.bad:
        yield Violation(
            message=f"line {bad.line} of fstab is not an entry: {bad.problem}",
            place=Place(fstab.PATH, bad.line),
            found=bad.text[:200],
            expected="device, mount point, type, options",
            fix=by_hand("correct the line, or take it out"),
        )
