"""What the installer left behind is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/root/anaconda-ks.cfg",
    "/root/original-ks.cfg",
    "/root/install.log*",
    "/root/.wget-hsts",
    "/var/lib/install/*",
)


@rule(
    code="CLEAN-21",
    name="installer-files-left",
    severity=Severity.NOTE,
    why="An installer's answers often hold password hashes and addresses of the old network.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No answer file and no log of an installer is left."""
    message = "an installer's files are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
