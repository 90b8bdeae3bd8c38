"""Another operating system is on the disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FOREIGN = frozenset(("ntfs", "BitLocker"))

# Microsoft's reserved and recovery partitions, Apple's HFS+ and APFS (UEFI type GUIDs).
_TYPES = frozenset(
    (
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",
        "de94bba4-06d1-4d40-a16a-bfd50179d6ac",
        "48465300-0000-11aa-aa11-00306543ecac",
        "7c3457ef-0000-11aa-aa11-00306543ecac",
    )
)


@rule(
    code="PART-29",
    name="other-system-on-disk",
    severity=Severity.WARNING,
    why="Azure starts one system from a disk, and its tools take this one for something else.",
    when=(has_image, has_guest),
    sources=(
        "https://docs.aws.amazon.com/vm-import/latest/userguide/prerequisites.html",
        "https://github.com/GoogleCloudPlatform/compute-image-tools",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No partition has a file system or a type of Windows or macOS."""
    disk = subject.disk
    kinds = {item.partition: item.kind for item in disk.file_systems}
    for part in disk.table.partitions:
        kind = kinds.get(part.number, "")
        if kind in _FOREIGN or part.type_id.lower() in _TYPES:
            yield Violation(
                message=f"partition {part.number} belongs to another operating system",
                place=Place(disk.container.path, within=f"partition {part.number}"),
                found=kind or f"type {part.type_id}",
                expected="partitions of Linux alone",
                fix=by_hand("delete it, and have the guest write its boot menu anew"),
            )
