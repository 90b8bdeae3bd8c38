"""Caches of a directory service's users are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/lib/sss/db/*",
    "/var/lib/sss/mc/*",
    "/var/run/faillock/*",
)


@rule(
    code="CLEAN-23",
    name="directory-caches-left",
    severity=Severity.NOTE,
    why="The caches hold password hashes of people who may not log in to new machines.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """sssd and faillock have nothing in store."""
    yield from removable(subject, _PATTERNS, "caches of users are in the image", "remove them")
