"""What the old machine knew of its devices is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/etc/blkid.tab*",
    "/etc/blkid/blkid.tab*",
    "/etc/udev/cache/*",
)


@rule(
    code="PART-28",
    name="device-caches-left",
    severity=Severity.NOTE,
    why="Tools that trust the cache look for file systems on devices that are not there.",
    when=(generalized, has_guest),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Neither blkid nor udev has anything in store."""
    message = "caches of the old machine's devices are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
