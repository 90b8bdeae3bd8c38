"""fstab mounts the temporary disk of an earlier machine."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import DropMounts
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# cc_mounts.py, MNT_COMMENT: what cloud-init wrote, and writes again.
_COMMENT = "comment=cloudconfig"
_RESOURCE = "/dev/disk/cloud/azure_resource"


@rule(
    code="PART-15",
    name="resource-mount-left",
    severity=Severity.WARNING,
    why="cloud-init writes the line anew on each machine; an old one names a disk that may not be "
    "there.",
    when=(generalized, has_guest),
    article=(64,),
    sources=(f"{sources.CLOUD_INIT_SOURCE}/blob/main/cloudinit/config/cc_mounts.py",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No line of fstab is cloud-init's or names the temporary disk."""
    for entry in subject.linux.fstab.entries:
        if entry.has(_COMMENT) or entry.spec.startswith(_RESOURCE):
            step = DropMounts(lines=(entry.line,), reason="cloud-init writes it on each machine")
            yield Violation(
                message=f"{entry.spec} on {entry.mount_point} was written for an earlier machine",
                place=Place(fstab.PATH, entry.line),
                found=f"{entry.spec} {entry.mount_point} {','.join(entry.options)}",
                expected="no such line",
                fix=Fix(title="take the line out", steps=(step,)),
            )
