"""Downloaded packages are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/cache/apt/archives/*.deb",
    "/var/cache/apt/archives/partial/*",
    "/var/cache/dnf/*",
    "/var/cache/yum/*",
    "/var/cache/zypp/packages/*",
    "/var/cache/pacman/pkg/*",
)


@rule(
    code="CLEAN-16",
    name="package-cache-left",
    severity=Severity.NOTE,
    why="They make the upload and every machine larger, and are never read again.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The package manager's downloads are gone."""
    message = "downloaded packages are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
