"""The disk is larger or smaller than Azure takes."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.sizes import ARTICLE_MAX_DISK, GIB, MAX_OS_DISK, MBR_MAX_DISK, MIN_DISK
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import TableKind
from bootworthy.model.quantities import human_size
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-07",
    name="size-over-limit",
    severity=Severity.ERROR,
    why="Azure takes OS disks of 20 MiB to 4095 GiB, and the Marketplace of at most 1023 GB.",
    when=(has_image,),
    article=(7,),
    sources=(sources.ARTICLE, sources.GENERATION_2, sources.CERTIFICATION),
    deviation="1023 GB is the limit of page-blob disks and of the Marketplace: above it the rule "
    "warns; a managed disk may have 4095 GiB",
)
def check(subject: Subject) -> Iterator[Violation]:
    """At most 4095 GiB (2 TiB with an MBR); above 1023 GiB a warning; at least 20 MiB."""
    size = subject.disk.virtual_size
    mbr = subject.disk.table.kind is TableKind.MBR
    limit = MBR_MAX_DISK if mbr else MAX_OS_DISK
    if size > limit:
        yield _violation(subject, "too large", f"at most {_gib(limit)}", Severity.ERROR)
    elif size > ARTICLE_MAX_DISK:
        expected = f"at most {_gib(ARTICLE_MAX_DISK)}"
        yield _violation(subject, "too large for the Marketplace", expected, Severity.WARNING)
    elif size < MIN_DISK:
        yield _violation(subject, "too small", f"at least {MIN_DISK} bytes", Severity.ERROR)


def _violation(subject: Subject, problem: str, expected: str, severity: Severity) -> Violation:
    size = subject.disk.virtual_size
    advice = "shrink the file systems, the partitions and then the disk"
    return Violation(
        message=f"a disk of {human_size(size)} is {problem}",
        place=Place(subject.disk.container.path),
        found=f"{size} bytes",
        expected=expected,
        fix=by_hand("use a larger disk" if size < MIN_DISK else advice),
        severity=severity,
    )


def _gib(size: int) -> str:
    return f"{size // GIB} GiB"
