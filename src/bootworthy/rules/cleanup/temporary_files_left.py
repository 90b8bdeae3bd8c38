"""Temporary files of the old machine are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = ("/tmp/*", "/tmp/.*", "/var/tmp/*", "/var/tmp/.*")  # noqa: S108 - the guest's


@rule(
    code="CLEAN-19",
    name="temporary-files-left",
    severity=Severity.NOTE,
    why="Nobody knows what is in them, and every machine would carry them.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Both directories for temporary files are empty."""
    if subject.live:
        return  # the running machine's are in use
    message = "temporary files are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
