"""The next initramfs would be made without the drivers of Azure's disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.guest import Guest
from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.initramfs.hv_driver_missing import FIX, missing_modules
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="INIT-02",
    name="initramfs-drivers-not-persistent",
    severity=Severity.WARNING,
    why="A kernel update makes a new initramfs; what was added by hand once is gone then.",
    when=(with_kernels,),
    article=(44, 45),
    sources=(sources.ARTICLE, sources.RHEL_PAGE),
    deviation="the article passes the drivers on dracut's command line, which the next kernel "
    "update forgets; the builder's configuration remembers",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The builder's configuration names the drivers, or takes those of any machine and did so."""
    guest = subject.linux
    builder = builder_of(guest.tree)
    if builder is None or not guest.bootable_kernels:
        return
    newest = guest.bootable_kernels[0]
    wanted = drivers.present(newest, drivers.INITRAMFS)
    missing = builder.unlisted(guest.tree, wanted)
    if missing and (builder.narrow(guest.tree) or _are_outside(guest, newest)):
        yield Violation(
            message=f"{builder.name} is not told to include {', '.join(missing)}",
            place=builder.place,
            found=f"no {', '.join(missing)}",
            expected=", ".join(wanted),
            fix=FIX,
        )


def _are_outside(guest: Guest, kernel: Kernel) -> bool:
    """Whether the builder left them out of the image it made last."""
    return kernel.initramfs is None or bool(missing_modules(guest, kernel, drivers.INITRAMFS))
