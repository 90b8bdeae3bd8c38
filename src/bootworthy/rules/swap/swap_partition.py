"""A partition of the OS disk is swap."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.partition_types import is_swap
from bootworthy.guest.facts import fstab
from bootworthy.guest.facts.fstab import FstabEntry
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.image import Partition
from bootworthy.model.steps import DropMounts, RemoveSwapPartition, Step
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

REASON = "no swap on the OS disk on Azure"


@rule(
    code="SWAP-01",
    name="swap-partition-on-os-disk",
    severity=Severity.WARNING,
    why="Swapping to the OS disk is slow, is paid for, and wears on every other access to it.",
    when=(has_image,),
    article=(11, 51),
    sources=(sources.ARTICLE, sources.CERTIFICATION, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No partition has a swap signature or a swap type (systemd activates GPT's by type)."""
    disk = subject.disk
    signed = {item.partition for item in disk.file_systems if item.kind == "swap"}
    for partition in disk.table.partitions:
        if partition.number in signed or is_swap(partition):
            entries = _entries(subject, partition)
            yield Violation(
                message=f"partition {partition.number} is swap",
                place=Place(disk.container.path, within=f"partition {partition.number}"),
                found=f"type {partition.type_id}, {partition.size} bytes",
                expected="no swap on the OS disk",
                fix=_fix(partition, entries),
                related=tuple(Place(fstab.PATH, entry.line) for entry in entries),
            )


def _entries(subject: Subject, partition: Partition) -> tuple[FstabEntry, ...]:
    if subject.guest is None:
        return ()
    disk = subject.disk
    return tuple(
        entry
        for entry in subject.guest.fstab.swap
        if (found := fstab.find(entry.spec, disk.file_systems, disk.table.partitions))
        and found.partition == partition.number
    )


def _fix(partition: Partition, entries: tuple[FstabEntry, ...]) -> Fix:
    steps: list[Step] = [RemoveSwapPartition(number=partition.number)]
    if entries:
        lines = tuple(entry.line for entry in entries)
        steps.append(DropMounts(lines=lines, reason=REASON))
    return Fix(title="remove the swap partition and its fstab line", steps=tuple(steps))
