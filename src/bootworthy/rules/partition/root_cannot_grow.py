"""The root partition is not the last one, so that it cannot grow with the disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.partition_types import is_extended, is_swap
from bootworthy.disk.superblocks import SWAP_KINDS
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import Partition
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-16",
    name="root-cannot-grow",
    severity=Severity.NOTE,
    why="Machines get larger OS disks than the image; the rest of the disk stays unused.",
    when=(generalized, has_image, has_guest),
    article=(49,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Nothing but swap that goes away lies behind the root partition."""
    disk = subject.disk
    root = _root(subject)
    if root is None:
        return
    swap = {item.partition for item in disk.file_systems if item.kind in SWAP_KINDS}
    later = [part for part in disk.table.partitions if part.start >= root.end]
    going = [part for part in later if part.number in swap or is_swap(part) or is_extended(part)]
    if behind := [part for part in later if part not in going]:
        numbers = ", ".join(str(part.number) for part in behind)
        yield Violation(
            message=f"the root, partition {root.number}, is not the last one and cannot grow",
            place=Place(disk.container.path, within=f"partition {root.number}"),
            found=f"behind it: partition {numbers}",
            expected="the root partition last",
            fix=by_hand("move the partitions behind root in front of it"),
        )


def _root(subject: Subject) -> Partition | None:
    number = subject.linux.root_partition
    return subject.disk.table.partition(number) if number is not None else None
