"""Names by which storage servers know the old machine are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/etc/iscsi/initiatorname.iscsi",
    "/etc/nvme/hostid",
    "/etc/nvme/hostnqn",
    "/etc/multipath/wwids",
    "/etc/multipath/bindings",
)


@rule(
    code="CLEAN-24",
    name="storage-identity-left",
    severity=Severity.WARNING,
    why="Two machines with one initiator name corrupt each other's disks on the storage server.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Names for storage servers are made anew on each machine."""
    message = "names of the old machine for storage servers are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
