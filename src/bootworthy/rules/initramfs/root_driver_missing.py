"""The initramfs cannot mount the root file system: its driver is not inside."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules import devices, drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.initramfs.hv_driver_missing import missing_modules
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Other kinds of root have no driver of their name, or none that is listed (tmpfs).
_ON_DISKS = frozenset(
    ("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2", "reiserfs", "xfs", "zfs")
)

# fs/ext4/super.c registers these as well (CONFIG_EXT4_USE_FOR_EXT2).
_SERVED_BY_EXT4 = ("ext2", "ext3")

_INSTALL = "install the package that holds the module, or a full kernel"


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
    """The root file system's driver is built in, or inside each initramfs with what it needs."""
    guest = subject.linux
    kind = devices.root_file_system(subject)
    for kernel in guest.bootable_kernels if kind in _ON_DISKS else ():
        if not kernel.loadable and not kernel.builtin:
            continue  # nothing is known about it; KERN-01 reports it
        driver = _driver(kernel, kind)
        if driver is None:
            yield _violation(kernel, kind, f"no {kind} in the kernel", by_hand(_INSTALL))
        elif kernel.initramfs is None or guest.initramfs(kernel.initramfs).problem:
            continue  # INIT-07 reports it
        elif missing := missing_modules(guest, kernel, (driver,)):
            yield _violation(kernel, kind, f"no {', '.join(missing)} inside", _add(driver))


def _driver(kernel: Kernel, kind: str) -> str | None:
    """The module that mounts ``kind`` under this kernel, None when there is none."""
    candidates = (kind, *(("ext4",) if kind in _SERVED_BY_EXT4 else ()))
    there = (name for name in candidates if kernel.module(name) is not ModuleState.ABSENT)
    return next(there, None)


def _add(driver: str) -> Fix:
    return Fix(
        title=f"put {driver} into every initramfs",
        steps=(UpdateInitramfs(modules=(*drivers.INITRAMFS, driver)),),
    )


def _violation(kernel: Kernel, kind: str, found: str, fix: Fix) -> Violation:
    return Violation(
        message=f"kernel {kernel.release} cannot mount its root file system, {kind}",
        place=Place(kernel.initramfs or kernel.image or "/boot"),
        found=found,
        expected=f"the driver of {kind}, which / is on",
        fix=fix,
    )
