"""There is no EFI system partition that firmware can read."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.partition_types import is_esp
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.image import TableKind
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image, uefi
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-03",
    name="esp-missing",
    severity=Severity.ERROR,
    why="A generation 2 machine starts from a FAT file system on the EFI system partition.",
    when=(has_image, uefi),
    article=(5,),
    sources=(sources.GENERATION_2, sources.UEFI_SPECIFICATION),
)
def check(subject: Subject) -> Iterator[Violation]:
    """A GPT disk has exactly one EFI system partition, with FAT on it."""
    disk = subject.disk
    kinds = {item.partition: item.kind for item in disk.file_systems}
    found = [part for part in disk.table.partitions if is_esp(part)]
    if not any(kinds.get(part.number) == "vfat" for part in found):
        words = ", ".join(kinds.get(part.number) or "nothing known" for part in found)
        yield _violation(
            subject,
            "there is no EFI system partition with FAT",
            f"an EFI system partition with {words}" if found else "no such partition",
            by_hand("make one and install the boot loader for UEFI, or use generation 1"),
        )
        return
    if disk.table.kind is not TableKind.GPT:
        advice = by_hand("leave it if the machine boots; Azure documents only GPT")
        message = "the EFI system partition is on a disk without GPT"
        yield _violation(subject, message, disk.table.kind.value.upper(), advice, Severity.WARNING)
    if len(found) > 1:
        numbers = ", ".join(str(part.number) for part in found)
        advice = by_hand("take the type away from those that the machine does not start from")
        message = "firmware has several EFI system partitions to choose from"
        yield _violation(subject, message, f"partitions {numbers}", advice, Severity.WARNING)


def _violation(
    subject: Subject, message: str, found: str, fix: Fix, severity: Severity | None = None
) -> Violation:
    return Violation(
        message=message,
        place=Place(subject.disk.container.path),
        found=found,
        expected="one EFI system partition with FAT16 or FAT32, on a GPT disk",
        fix=fix,
        severity=severity,
    )
