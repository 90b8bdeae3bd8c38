"""Mail of the old machine's users is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/mail/*",
    "/var/spool/mail/*",
    "/var/spool/postfix/deferred/*",
    "/var/spool/exim4/input/*",
)


@rule(
    code="CLEAN-15",
    name="mail-spool-left",
    severity=Severity.NOTE,
    why="Every machine made from the image would hold what its first users were sent.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No mailbox and no queue has anything in it."""
    message = "mail of earlier users is in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
