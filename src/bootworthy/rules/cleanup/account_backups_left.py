"""Backup copies of the account files are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NAMES = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")


@rule(
    code="CLEAN-20",
    name="account-backups-left",
    severity=Severity.WARNING,
    why="They keep the password hashes of accounts that were removed.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No /etc/passwd-, /etc/shadow- and the like."""
    patterns = tuple(f"/etc/{name}-" for name in _NAMES)
    message = "backup copies of the account files are in the image"
    yield from removable(subject, patterns, message, "remove them")
