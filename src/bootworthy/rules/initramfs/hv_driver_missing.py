"""The initramfs of a bootable kernel lacks the drivers of Azure's disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

FIX = Fix(
    title="put hv_vmbus, hv_storvsc and hv_netvsc into every initramfs, now and for later kernels",
    steps=(UpdateInitramfs(modules=drivers.INITRAMFS),),
)


@rule(
    code="INIT-01",
    name="hv-driver-not-in-initramfs",
    severity=Severity.ERROR,
    why="The OS disk hangs on the VMBus SCSI controller; without storvsc early user space waits "
    "for a disk that never comes.",
    when=(with_kernels,),
    article=(16, 17, 44, 45),
    sources=(sources.ARTICLE, sources.NO_HYPERV_DRIVERS),
    deviation="mkinitramfs has no option --with; the modules go into /etc/initramfs-tools/modules, "
    "which later kernels read too",
)
def check(subject: Subject) -> Iterator[Violation]:
    """vmbus and storvsc must be inside with what they need (netvsc should), unless built in."""
    guest = subject.linux
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None or guest.initramfs(kernel.initramfs).problem:
            continue  # INIT-07 reports it
        if missing := missing_modules(guest, kernel, drivers.INITRAMFS):
            mild = not missing_modules(guest, kernel, drivers.BOOT)
            yield Violation(
                message=f"{', '.join(missing)} not in the initramfs of kernel {kernel.release}",
                place=Place(kernel.initramfs, within=_contents(guest, kernel)),
                found=f"no {', '.join(missing)}",
                expected=", ".join(drivers.INITRAMFS),
                fix=FIX,
                severity=Severity.WARNING if mild else None,
            )


def missing_modules(guest: Guest, kernel: Kernel, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of ``names``, and what they need, that are modules and not in the initramfs."""
    inside = guest.initramfs(kernel.initramfs or "")
    needed = (*drivers.present(kernel, names), *kernel.with_dependencies(*names))
    return tuple(name for name in dict.fromkeys(needed) if not inside.has_module(name))


def _contents(guest: Guest, kernel: Kernel) -> str:
    inside = guest.initramfs(kernel.initramfs or "")
    return f"{inside.generator or 'unknown builder'}, {len(inside.modules)} modules"
