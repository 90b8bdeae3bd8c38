"""The disk cannot boot as the generation it is meant for."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-01",
    name="generation-mismatch",
    severity=Severity.ERROR,
    why="The generation cannot be changed later; the wrong one finds no operating system.",
    when=(has_image,),
    article=(5,),
    sources=(sources.ARTICLE, sources.GENERATION_2),
)
def check(subject: Subject) -> Iterator[Violation]:
    """A boot loader is there for BIOS or UEFI, and for the one that was asked for."""
    disk = subject.disk
    wanted = subject.intent.generation
    can = disk.generations
    if can and (wanted is None or wanted in can):
        return
    words = " and ".join(f"generation {int(item)}" for item in sorted(can)) or "neither"
    yield Violation(
        message="the disk has no boot loader" if not can else f"the disk boots as {words} only",
        place=Place(disk.container.path),
        found=f"boots as {words}",
        expected=f"generation {int(wanted)}" if wanted else "generation 1 (BIOS) or 2 (UEFI)",
        fix=by_hand("install the boot loader in the guest, or choose the other --generation"),
    )
