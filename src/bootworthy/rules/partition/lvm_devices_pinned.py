"""LVM is told to look only at the disks of the old machine."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# lvmdevices(8): the disks are named by their hardware; without the file all of them are used.
_PATTERNS = ("/etc/lvm/devices/system.devices", "/etc/lvm/devices/backup/*")


@rule(
    code="PART-09",
    name="lvm-devices-pinned",
    severity=Severity.WARNING,
    why="Azure's disks have other identifiers, so that volumes on them are not found.",
    when=(has_guest,),
    article=(8,),
    sources=("https://man7.org/linux/man-pages/man8/lvmdevices.8.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """There is no list of devices that LVM is kept to."""
    message = "LVM uses only the disks that the old machine had"
    yield from removable(subject, _PATTERNS, message, "let LVM look at all disks")
