"""A bootable kernel was made for another cloud or a board."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.drivers import place_of
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Flavours of Ubuntu's kernels (packages linux-aws, linux-gcp, linux-kvm, linux-raspi).
_RELEASE = re.compile(r"-(?:aws|gcp|gke|kvm|raspi|raspi2|snapdragon)(?:$|-)")


@rule(
    code="KERN-20",
    name="foreign-kernel-flavour",
    severity=Severity.WARNING,
    why="Kernels for one platform leave the drivers of others out.",
    when=(with_kernels,),
    sources=(sources.UBUNTU_PAGE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No bootable kernel has a flavour of another platform."""
    for kernel in subject.linux.bootable_kernels:
        if _RELEASE.search(kernel.release):
            yield Violation(
                message=f"kernel {kernel.release} was made for another platform",
                place=place_of(kernel),
                found=kernel.release,
                expected="the distribution's generic kernel, or the one for Azure",
                fix=by_hand("install the generic kernel, or linux-azure"),
            )
