"""A kernel is older than Azure supports."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Article, "Requisitos para el kernel de Linux": a custom kernel should be 3.8 or later; RHEL 6.4
# carries the drivers in 2.6.32.
_OLDEST = (2, 6, 32)
_ADVISED = (3, 8)


@rule(
    code="KERN-08",
    name="kernel-too-old",
    severity=Severity.ERROR,
    why="Older kernels have no Hyper-V drivers, or drivers that lose disks and network packets.",
    when=(with_kernels,),
    article=(25, 26, 27),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel is 3.8 or later, or a vendor's 2.6.32."""
    for kernel in subject.linux.bootable_kernels:
        if drivers.is_older(kernel, _ADVISED):
            yield Violation(
                message=f"kernel {kernel.release} is too old for Azure",
                place=drivers.place_of(kernel),
                found=kernel.release,
                expected="3.8 or later; RHEL 6.4 or later for kernels of that family",
                fix=by_hand("install a newer kernel"),
                severity=None if drivers.is_older(kernel, _OLDEST) else Severity.WARNING,
            )
