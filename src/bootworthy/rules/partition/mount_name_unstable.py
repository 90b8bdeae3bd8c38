"""fstab names a device by what it is called on the old machine."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import devices, sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-11",
    name="mount-name-unstable",
    severity=Severity.ERROR,
    why="The disk is called something else on Azure, and may change its name between boots.",
    when=(has_guest,),
    sources=(sources.FSTAB_ERRORS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """File systems are mounted by UUID, label or volume name."""
    for entry in subject.linux.fstab.entries:
        foreign = devices.is_foreign(entry.spec)
        if entry.is_swap or not (foreign or devices.may_change(entry.spec)):
            continue
        better = _better(subject, entry.spec)
        needed = not (entry.has("nofail") or entry.has("noauto"))
        yield Violation(
            message=f"{entry.mount_point} is mounted by the name {entry.spec}",
            place=Place(fstab.PATH, entry.line),
            found=entry.spec,
            expected=better,
            fix=by_hand(f"write {better} instead"),
            severity=None if foreign and needed else Severity.WARNING,
        )


def _better(subject: Subject, spec: str) -> str:
    if subject.image is None:
        return "UUID=…"
    disk = subject.image
    found = fstab.find(spec, disk.file_systems, disk.table.partitions)
    return f"UUID={found.uuid}" if found and found.uuid else "UUID=…"
