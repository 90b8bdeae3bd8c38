"""Oracle's Unbreakable Enterprise Kernel 2 is to be started."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.drivers import place_of
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Version numbers of Oracle's kernels: https://learn.microsoft.com/azure/virtual-machines/linux/oracle-create-upload-vhd
_RELEASE = re.compile(r"^2\.6\.39-.*uek")


@rule(
    code="KERN-17",
    name="unbreakable-kernel-2",
    severity=Severity.WARNING,
    why="Oracle's second kernel has no drivers for Hyper-V that Azure supports.",
    when=(with_kernels,),
    sources=(sources.ENDORSED,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No bootable kernel is Oracle's second."""
    for kernel in subject.linux.bootable_kernels:
        if _RELEASE.search(kernel.release):
            yield Violation(
                message=f"kernel {kernel.release} is Oracle's second, which Azure does not support",
                place=place_of(kernel),
                found=kernel.release,
                expected="the distribution's generic kernel, or the one for Azure",
                fix=by_hand("install a later kernel-uek, or Oracle's kernel as Red Hat has it"),
            )
