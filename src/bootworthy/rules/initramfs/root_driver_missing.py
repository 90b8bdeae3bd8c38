"""The initramfs cannot mount the root file system: its driver is not inside."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.initramfs.hv_driver_missing import missing_modules
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-19",
    name="root-driver-not-in-initramfs",
    severity=Severity.ERROR,
    why="The disk is found and the root on it cannot be mounted: the boot ends in a shell.",
    when=(with_kernels,),
    article=(16,),
    sources=(sources.NO_HYPERV_DRIVERS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The root file system's driver is built in or inside each initramfs."""
    guest = subject.linux
    kind = root_file_system(guest)
    if not kind:
        return
    fix = Fix(
        title=f"put {kind} into every initramfs",
        steps=(UpdateInitramfs(modules=(*drivers.INITRAMFS, kind)),),
    )
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None or guest.initramfs(kernel.initramfs).problem:
            continue  # INIT-07 reports it
        if missing_modules(guest, kernel, (kind,)):
            yield Violation(
                message=f"the initramfs of kernel {kernel.release} cannot mount {kind}",
                place=Place(kernel.initramfs),
                found=f"no {kind}",
                expected=f"{kind}, which / is on",
                fix=fix,
            )


def root_file_system(guest: Guest) -> str:
    """The kind of the root file system as fstab has it, empty when it does not say."""
    kinds = [entry.type for entry in guest.fstab.entries if entry.mount_point == "/"]
    return kinds[0] if kinds and kinds[0] not in ("auto", "rootfs") else ""
