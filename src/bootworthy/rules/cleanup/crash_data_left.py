"""Crash dumps of the old machine are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/crash/*",
    "/var/spool/abrt/*",
    "/var/lib/systemd/coredump/*",
    "/var/log/dump/*",
)


@rule(
    code="CLEAN-14",
    name="crash-data-left",
    severity=Severity.NOTE,
    why="A dump holds the memory of the old machine, with every password that was in it.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No dump is left."""
    message = "crash dumps are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
