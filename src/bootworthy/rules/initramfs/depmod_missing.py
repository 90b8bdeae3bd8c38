"""The index of a bootable kernel's modules is missing."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.drivers import place_of
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="INIT-08",
    name="module-index-missing",
    severity=Severity.WARNING,
    why="Without modules.dep builders leave drivers out silently, and modprobe finds none at boot.",
    when=(with_kernels,),
    sources=("https://man7.org/linux/man-pages/man8/depmod.8.html", sources.NO_HYPERV_DRIVERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every bootable kernel with modules has modules.dep."""
    guest = subject.linux
    for kernel in guest.bootable_kernels:
        index = f"{kernel.modules_dir}/modules.dep"
        if kernel.modules_dir and kernel.loadable and not guest.tree.is_file(index):
            yield Violation(
                message=f"the modules of kernel {kernel.release} have no index",
                place=place_of(kernel),
                found=f"no {index}",
                expected=index,
                fix=by_hand(f"run depmod {kernel.release} in the guest"),
            )
