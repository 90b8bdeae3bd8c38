"""The OS disk uses LVM."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


def _not_kept(subject: Subject) -> str:
    return "--keep-lvm" if subject.intent.keep_lvm else ""


@rule(
    code="PART-08",
    name="lvm-on-os-disk",
    severity=Severity.WARNING,
    why="Volume names clash when the disk is attached to a clone of its machine for repair.",
    when=(_not_kept, has_image),
    article=(8,),
    sources=(sources.ARTICLE, sources.CERTIFICATION),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No partition is a physical volume."""
    for item in subject.disk.file_systems:
        if item.kind == "LVM2_member":
            yield Violation(
                message=f"partition {item.partition} is an LVM physical volume",
                place=Place(subject.disk.container.path, within=f"partition {item.partition}"),
                found="LVM2_member",
                expected="plain partitions; LVM is for data disks",
                fix=by_hand("keep it if you must, with a volume group name of its own: vgrename"),
            )
