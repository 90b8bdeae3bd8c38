"""A bootable kernel has no initramfs, or one that cannot be read to its end."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.initramfs.hv_driver_missing import FIX
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# What the kernel starts; without it the whole image is passed over (init/main.c).
_PROGRAM = "init"


@rule(
    code="INIT-07",
    name="initramfs-broken",
    severity=Severity.ERROR,
    why="The kernel panics, or cannot load the driver of the disk its root is on.",
    when=(with_kernels,),
    article=(16,),
    sources=(sources.NO_HYPERV_DRIVERS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The file is there, unpacks to its end, has an init, and modules of this very kernel."""
    guest = subject.linux
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None:
            if kernel.module("hv_storvsc") is not ModuleState.BUILTIN:
                yield _violation(kernel, kernel.image or "/boot", "there is none")
        elif problem := _problem(guest, kernel):
            yield _violation(kernel, kernel.initramfs, problem)


def _problem(guest: Guest, kernel: Kernel) -> str:
    inside = guest.initramfs(kernel.initramfs or "")
    if inside.problem:
        return inside.problem
    if _PROGRAM not in inside.names:
        return "it holds no /init"
    releases = inside.kernel_releases
    if releases and kernel.release not in releases:
        return f"its modules are of kernel {', '.join(releases)}"
    return ""


def _violation(kernel: Kernel, path: str, problem: str) -> Violation:
    return Violation(
        message=f"kernel {kernel.release} cannot use its initramfs: {problem}",
        place=Place(path),
        found=problem,
        expected=f"an initramfs with an init and modules of {kernel.release}",
        fix=FIX,
    )
