"""The initramfs was made before the rules that name Azure's disks were installed."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import udev_rules
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# azure-vm-utils; from 0.3 on it has a module for dracut and a hook for initramfs-tools.
_RULES = "80-azure-disk.rules"


@rule(
    code="INIT-11",
    name="disk-rules-not-in-initramfs",
    severity=Severity.NOTE,
    why="Until the root is mounted /dev/disk/azure has no names, for those that go by them.",
    when=(with_kernels,),
    sources=("https://github.com/Azure/azure-vm-utils",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where azure-vm-utils is installed, its rules are in every initramfs that can be read."""
    guest = subject.linux
    if not udev_rules.has(guest.tree, _RULES):
        return
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None:
            continue
        inside = guest.initramfs(kernel.initramfs)
        if not inside.problem and not any(name.endswith(f"/{_RULES}") for name in inside.names):
            yield Violation(
                message=f"the initramfs of kernel {kernel.release} has no {_RULES}",
                place=Place(kernel.initramfs),
                found=f"no {_RULES}",
                expected=f"{_RULES}, as in the guest itself",
                fix=by_hand("rebuild it: dracut --force --kver RELEASE, or update-initramfs -u"),
            )
