"""No bootable kernel has the drivers of accelerated network cards."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Azure's cards by age; the third came with Linux 5.15 (drivers/net/ethernet/microsoft/mana).
_DRIVERS = ("mlx4_en", "mlx5_core", "mana")
_MANA_SINCE = (5, 15)


@rule(
    code="NEW-01",
    name="accelerated-drivers-missing",
    severity=Severity.NOTE,
    why="Without them all traffic goes through the host, slower and with more load.",
    when=(with_kernels,),
    sources=("https://learn.microsoft.com/azure/virtual-network/accelerated-networking-overview",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The newest bootable kernel has the drivers of all of Azure's cards."""
    for kernel in subject.linux.bootable_kernels[:1]:
        if not kernel.loadable:
            return
        wanted = _DRIVERS[:-1] if drivers.is_older(kernel, _MANA_SINCE) else _DRIVERS
        if missing := drivers.absent(kernel, wanted):
            yield Violation(
                message=f"kernel {kernel.release} has no {', '.join(missing)}",
                place=drivers.place_of(kernel),
                found=f"no {', '.join(missing)}",
                expected=", ".join(wanted),
                fix=by_hand("install the distribution's full kernel, or its kernel for Azure"),
            )
