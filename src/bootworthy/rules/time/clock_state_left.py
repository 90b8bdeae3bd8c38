"""What chrony learned of the old machine's clock is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/lib/chrony/*",
    "/var/lib/ntp/*drift",
)


@rule(
    code="TIME-09",
    name="clock-state-left",
    severity=Severity.NOTE,
    why="A drift measured on other hardware makes the clock run wrong until it is measured anew.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No measured drift is left."""
    yield from removable(subject, _PATTERNS, "a clock's drift is in the image", "remove them")
