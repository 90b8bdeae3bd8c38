"""A kernel cannot use the devices that Azure passes through to machines."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_DRIVER = "pci_hyperv"

# The driver came with Linux 4.6 (drivers/pci/host/pci-hyperv.c); older kernels never had it.
_SINCE = (4, 6)


@rule(
    code="KERN-15",
    name="pci-bus-driver-missing",
    severity=Severity.WARNING,
    why="Accelerated network cards, NVMe disks and GPUs hang on Hyper-V's PCI bus.",
    when=(with_kernels,),
    sources=(
        "https://learn.microsoft.com/azure/virtual-network/accelerated-networking-overview",
        sources.LISA,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The newest bootable kernel has pci_hyperv, built in or as a module."""
    for kernel in subject.linux.bootable_kernels[:1]:
        if drivers.absent(kernel, (_DRIVER,)) and not drivers.is_older(kernel, _SINCE):
            yield Violation(
                message=f"kernel {kernel.release} has no {_DRIVER}",
                place=drivers.place_of(kernel),
                found=f"{_DRIVER}: neither built in nor a module",
                expected=_DRIVER,
                fix=by_hand("install the distribution's full kernel, or its kernel for Azure"),
            )
