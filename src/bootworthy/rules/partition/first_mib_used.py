"""A partition begins in the first MiB, which Azure wants for itself."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.partition_types import PROTECTIVE
from bootworthy.disk.sizes import MIB, SECTOR
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-12",
    name="first-mib-used",
    severity=Severity.WARNING,
    why="The Marketplace writes there, and refuses a disk whose first MiB belongs to a partition.",
    when=(has_image,),
    sources=(sources.CERTIFICATION,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every partition begins at 1 MiB or later."""
    disk = subject.disk
    for part in disk.table.partitions:
        if part.start < MIB and part.type_id != PROTECTIVE:
            yield Violation(
                message=f"partition {part.number} begins in the first MiB of the disk",
                place=Place(disk.container.path, within=f"partition {part.number}"),
                found=f"sector {part.start // SECTOR}",
                expected=f"sector {MIB // SECTOR} or later",
                fix=by_hand("move it with sfdisk --move-data, then install GRUB again"),
            )
