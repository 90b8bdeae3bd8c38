"""The partition table is damaged, or its backup is not at the end of the disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.problem import ProblemKind
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import MoveBackupGpt
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# What writing both copies again mends.
_REWRITTEN = (
    ProblemKind.GPT_PRIMARY_MISSING,
    ProblemKind.GPT_PRIMARY_DAMAGED,
    ProblemKind.GPT_BACKUP_MISSING,
    ProblemKind.GPT_BACKUP_DAMAGED,
    ProblemKind.GPT_BACKUP_NOT_AT_END,
    ProblemKind.GPT_COPIES_DIFFER,
    ProblemKind.PROTECTIVE_SIZE,
)
_MILD = (*_REWRITTEN[2:], ProblemKind.GPT_LEFTOVER, ProblemKind.HYBRID_MBR)


@rule(
    code="VHD-06",
    name="partition-table-damaged",
    severity=Severity.ERROR,
    why="Firmware or Linux may refuse the table, and the root cannot grow without its backup.",
    when=(has_image,),
    article=(23,),
    sources=(sources.ARTICLE, "UEFI Specification 2.10, section 5.3"),
    deviation="the article grows the disk and leaves the backup GPT in its middle; it is moved",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Both copies of a GPT are whole and where they belong; partitions do not overlap."""
    disk = subject.disk
    for problem in disk.table.problems:
        fix = by_hand("repair the partition table with sgdisk or sfdisk on a copy of the disk")
        if problem.kind in _REWRITTEN:
            fix = Fix(title="write the GPT again, its backup at the end", steps=(MoveBackupGpt(),))
        number = f"partition {problem.partition}" if problem.partition else "partition table"
        yield Violation(
            message=problem.text,
            place=Place(disk.container.path, within=number),
            found=problem.kind.value,
            expected="a partition table without faults",
            fix=fix,
            severity=Severity.WARNING if problem.kind in _MILD else None,
        )
