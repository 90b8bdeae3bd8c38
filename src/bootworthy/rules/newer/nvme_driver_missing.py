"""The image is to run on NVMe sizes and cannot start from such a disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules import drivers
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.initramfs.hv_driver_missing import missing_modules
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Azure's NVMe disks are passed through by Hyper-V's PCI bus.
_DRIVERS = ("nvme", "pci_hyperv")
_FIX = Fix(
    title="put nvme and pci_hyperv into every initramfs",
    steps=(UpdateInitramfs(modules=(*drivers.INITRAMFS, *_DRIVERS)),),
)


def _for_nvme(subject: Subject) -> str:
    return "" if subject.intent.nvme else "--nvme is not given"


@rule(
    code="NEW-02",
    name="nvme-driver-missing",
    severity=Severity.ERROR,
    why="Sizes of version 6 and later have their OS disk on NVMe, behind Hyper-V's PCI bus.",
    when=(_for_nvme, with_kernels),
    sources=("https://learn.microsoft.com/azure/virtual-machines/enable-nvme-interface",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every bootable kernel has nvme and pci_hyperv, built in or inside its initramfs."""
    guest = subject.linux
    for kernel in guest.bootable_kernels:
        place = Place(kernel.initramfs or kernel.image or "/boot")
        if missing := drivers.absent(kernel, _DRIVERS):
            fix = by_hand("install a kernel with these drivers")
        elif kernel.initramfs is None or guest.initramfs(kernel.initramfs).problem:
            continue  # INIT-07 reports it
        elif missing := missing_modules(guest, kernel, _DRIVERS):
            fix = _FIX
        else:
            continue
        yield Violation(
            message=f"kernel {kernel.release} cannot start from NVMe: no {', '.join(missing)}",
            place=place,
            found=f"no {', '.join(missing)}",
            expected=", ".join(_DRIVERS),
            fix=fix,
        )
