"""The code in the first sector leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.generation import Loader
from bootworthy.model.finding import Place, Severity, Violation, by_hand
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
    """The boot sector is signed, and GRUB's core image is where it says."""
    disk = subject.disk
    code = disk.boot_code
    problem = ""
    if not code.signed or code.loader is Loader.NONE:
        problem = "the first sector holds no boot code"
    elif code.loader is Loader.GRUB2 and not code.core_present:
        problem = f"GRUB's core image is not at sector {code.core_sector}"
    if problem:
        yield Violation(
            message=problem,
            place=Place(disk.container.path, within="sector 0"),
            found=f"{code.loader.value}, {'signed' if code.signed else 'not signed'}",
            expected="a boot sector that starts a boot loader",
            fix=by_hand("run grub-install for i386-pc in the guest"),
        )
