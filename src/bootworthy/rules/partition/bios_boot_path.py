"""The code in the first sector leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.generation import BootCode, Loader
from bootworthy.disk.partition_types import is_bios_boot
from bootworthy.disk.partitions import PartitionTable
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import TableKind
from bootworthy.rules import sources
from bootworthy.rules.conditions import bios, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-02",
    name="bios-boot-path-broken",
    severity=Severity.ERROR,
    why="A generation 1 machine stops at a black screen or at `grub rescue>`.",
    when=(has_image, bios),
    article=(5,),
    sources=(sources.GENERATION_2, "GRUB manual, BIOS installation"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The boot sector is signed, and what it starts is where it says."""
    disk = subject.disk
    code = disk.boot_code
    if problem := _problem(code, disk.table):
        yield Violation(
            message=problem,
            place=Place(disk.container.path, within="sector 0"),
            found=f"{code.loader.value}, {'signed' if code.signed else 'not signed'}",
            expected="a boot sector that starts a boot loader",
            fix=by_hand("run grub-install for i386-pc in the guest"),
        )


def _problem(code: BootCode, table: PartitionTable) -> str:
    if not code.signed or code.loader is Loader.NONE:
        return "the first sector holds no boot code"
    if code.loader in (Loader.GRUB2, Loader.GRUB_LEGACY) and not code.core_present:
        return f"GRUB's core image is not at sector {code.core_sector}"
    if code.loader is Loader.CHAIN and code.chained is None:
        return "the first sector starts the active partition, and none holds boot code"
    if code.loader is Loader.GRUB2 and table.kind is TableKind.GPT:
        holder = table.partition(code.core_partition) if code.core_partition else None
        if holder is None or not is_bios_boot(holder):
            return "GRUB's core image is not in a BIOS boot partition, where it is safe on a GPT"
    return ""
