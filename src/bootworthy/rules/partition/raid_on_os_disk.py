"""The OS disk is a member of a software RAID."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-10",
    name="raid-on-os-disk",
    severity=Severity.WARNING,
    why="Azure has one OS disk; the array starts degraded, or waits for a disk that never comes.",
    when=(has_image,),
    article=(8,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No partition is a member of an md array."""
    for item in subject.disk.file_systems:
        if item.kind == "linux_raid_member":
            yield Violation(
                message=f"partition {item.partition} is a member of a software RAID",
                place=Place(subject.disk.container.path, within=f"partition {item.partition}"),
                found="linux_raid_member",
                expected="plain partitions; RAID is for data disks",
                fix=by_hand("move the system to plain partitions"),
            )
