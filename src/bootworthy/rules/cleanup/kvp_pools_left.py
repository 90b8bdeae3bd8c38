"""What the old host said through the key-value channel is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/lib/hyperv/.kvp_pool_*",
    "/var/opt/hyperv/.kvp_pool_*",
)


@rule(
    code="CLEAN-22",
    name="kvp-pools-left",
    severity=Severity.NOTE,
    why="Tools read the old host's words until the daemon overwrites them.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.LISA,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No pool file is left."""
    message = "key-value pools of the old host are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
