"""fstab names a device by what it is called on the old machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Azure's disks are /dev/sdX or /dev/nvmeXnY; the first kind can change its order.
_SCSI = re.compile(r"/dev/sd[a-z]+\d+$")
_FOREIGN = re.compile(r"/dev/(vd|xvd|hd)[a-z]+\d+$|/dev/disk/by-(path|id)/")


@rule(
    code="PART-11",
    name="mount-name-unstable",
    severity=Severity.ERROR,
    why="The disk is called something else on Azure, and may change its name between boots.",
    when=(has_image, has_guest),
    sources=(sources.FSTAB_ERRORS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """File systems of this disk are mounted by UUID, label or volume name."""
    disk = subject.disk
    for entry in subject.linux.fstab.entries:
        foreign, scsi = _FOREIGN.match(entry.spec), _SCSI.match(entry.spec)
        if entry.is_swap or not (foreign or scsi):
            continue
        found = fstab.find(entry.spec, disk.file_systems, disk.table.partitions)
        better = f"UUID={found.uuid}" if found and found.uuid else "UUID=…"
        yield Violation(
            message=f"{entry.mount_point} is mounted by the name {entry.spec}",
            place=Place(fstab.PATH, entry.line),
            found=entry.spec,
            expected=better,
            fix=by_hand(f"write {better} instead"),
            severity=None if foreign else Severity.WARNING,
        )
