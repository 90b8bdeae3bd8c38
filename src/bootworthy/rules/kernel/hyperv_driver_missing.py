"""A kernel lacks the drivers of Azure's hypervisor."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NEEDED = (*drivers.INITRAMFS, "hv_utils")


@rule(
    code="KERN-01",
    name="hyperv-driver-missing",
    severity=Severity.ERROR,
    why="Without vmbus, storvsc and netvsc the machine has neither its disk nor its network.",
    when=(with_kernels,),
    article=(16, 25),
    sources=(sources.ARTICLE, sources.NO_HYPERV_DRIVERS, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel has the drivers, built in or as modules."""
    guest = subject.linux
    for kernel, missing in drivers.kernels_without(guest.bootable_kernels, _NEEDED):
        mild = missing == ("hv_utils",)
        yield Violation(
            message=f"kernel {kernel.release} has no {', '.join(missing)}",
            place=drivers.place_of(kernel),
            found=f"{', '.join(missing)}: neither built in nor a module",
            expected="hv_vmbus, hv_storvsc, hv_netvsc and hv_utils",
            fix=by_hand("install a kernel with Hyper-V drivers and make it the default"),
            severity=Severity.WARNING if mild else None,
        )
