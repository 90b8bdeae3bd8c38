"""There is no EFI system partition that firmware can read."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.partition_types import is_esp
from bootworthy.model.finding import Place, Severity, Violation, by_hand
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
    good = [part for part in found if kinds.get(part.number) == "vfat"]
    place = Place(disk.container.path)
    if not good:
        words = ", ".join(kinds.get(part.number) or "nothing" for part in found)
        yield Violation(
            message="there is no EFI system partition with FAT",
            place=place,
            found=f"an EFI system partition with {words}" if found else "no such partition",
            expected="a partition of that type with FAT16 or FAT32",
            fix=by_hand("make one and install the boot loader for UEFI, or use generation 1"),
        )
    elif len(found) > 1 or disk.table.kind is not TableKind.GPT:
        yield Violation(
            message="the EFI system partition is not the only one, or not on a GPT",
            place=place,
            found=f"{len(found)} on a {disk.table.kind.value.upper()} disk",
            expected="one, on a GPT disk",
            fix=by_hand("leave it if the machine boots; Azure documents only GPT"),
            severity=Severity.WARNING,
        )
