"""The root is a logical volume and the initramfs has no LVM."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PROGRAM = re.compile(r"(?:usr/)?s?bin/lvm2?")

# lvm(8): /dev/VG/LV and /dev/mapper/VG-LV.
_VOLUME = re.compile(r"/dev/(?:mapper/[^/]+-[^/]+|(?!disk/|mapper/)[^/]+/[^/]+)")


@rule(
    code="INIT-10",
    name="lvm-not-in-initramfs",
    severity=Severity.ERROR,
    why="The volume group is never activated, and the boot ends in the shell of the initramfs.",
    when=(with_kernels,),
    article=(8,),
    sources=(sources.NO_HYPERV_DRIVERS, "https://man7.org/linux/man-pages/man8/lvm.8.html"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The initramfs of every bootable kernel holds the program that activates the root's volume."""
    guest = subject.linux
    root = _root(guest)
    if not _VOLUME.fullmatch(root):
        return
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None or guest.initramfs(kernel.initramfs).problem:
            continue  # INIT-07 reports it
        if not any(_PROGRAM.fullmatch(name) for name in guest.initramfs(kernel.initramfs).names):
            yield Violation(
                message=f"the initramfs of kernel {kernel.release} cannot open {root}",
                place=Place(kernel.initramfs),
                found="no lvm inside",
                expected="lvm, for the root is a logical volume",
                fix=by_hand("have the guest rebuild its initramfs with LVM (dracut --add lvm)"),
            )


def _root(guest: Guest) -> str:
    return next((entry.spec for entry in guest.fstab.entries if entry.mount_point == "/"), "")
