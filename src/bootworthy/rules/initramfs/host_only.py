"""The next initramfs would hold drivers for the machine it is made on, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.initramfs.hv_driver_missing import FIX
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="INIT-04",
    name="initramfs-host-only",
    severity=Severity.WARNING,
    why="Azure's sizes differ in their disks and network cards; an image for one of them is luck.",
    when=(with_kernels,),
    article=(16,),
    sources=(sources.ARTICLE, sources.NO_HYPERV_DRIVERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The builder's configuration takes the drivers of any machine."""
    builder = builder_of(subject.linux.tree)
    if builder is None:
        return
    for place, text in builder.narrow(subject.linux.tree):
        yield Violation(
            message=f"{builder.name} includes only the drivers of one machine",
            place=place,
            found=text,
            expected="drivers of any machine",
            fix=FIX,
        )
