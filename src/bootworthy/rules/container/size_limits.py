"""The disk is larger or smaller than Azure takes."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.sizes import ARTICLE_MAX_DISK, GIB, MAX_OS_DISK, MBR_MAX_DISK, MIB, MIN_DISK
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import TableKind
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-07",
    name="size-over-limit",
    severity=Severity.ERROR,
    why="Azure makes no OS disk above 4095 GiB, and the Marketplace none above 1023 GB.",
    when=(has_image,),
    article=(7,),
    sources=(sources.ARTICLE, sources.GENERATION_2, sources.CERTIFICATION),
    deviation="1023 GB is the limit of page-blob disks and of the Marketplace: above it the rule "
    "warns; a managed disk may have 4095 GiB",
)
def check(subject: Subject) -> Iterator[Violation]:
    """At most 4095 GiB (2 TiB with an MBR); above 1023 GiB a warning; at least 20 MiB."""
    container = subject.disk.container.info()
    size = container.virtual_size
    mbr = subject.disk.table.kind is TableKind.MBR
    limit = MBR_MAX_DISK if mbr else MAX_OS_DISK
    for broken, text, severity in (
        (size > limit, f"at most {limit // GIB} GiB", Severity.ERROR),
        (limit >= size > ARTICLE_MAX_DISK, "at most 1023 GiB", Severity.WARNING),
        (size < MIN_DISK, f"at least {MIN_DISK // MIB} MiB", Severity.ERROR),
    ):
        if broken:
            yield Violation(
                message=f"the disk has {size / GIB:.2f} GiB; Azure wants {text}",
                place=Place(container.path),
                found=f"{size} bytes",
                expected=text,
                fix=by_hand("shrink the file systems, the partitions and then the disk")
                if size > MIN_DISK
                else by_hand("use a larger disk"),
                severity=severity,
            )
