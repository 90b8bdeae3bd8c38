"""A kernel cannot mount VFAT, the file system of the EFI system partition."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.model.intent import Generation
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="KERN-05",
    name="vfat-missing",
    severity=Severity.ERROR,
    why="A generation 2 machine drops to emergency mode when it cannot mount /boot/efi.",
    when=(with_kernels,),
    article=(6, 35),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel has vfat, fat and the code pages it mounts with by default."""
    mild = Generation.UEFI not in subject.generations
    for kernel in subject.linux.bootable_kernels:
        if missing := drivers.absent(kernel, _needed(kernel)):
            yield Violation(
                message=f"kernel {kernel.release} cannot mount VFAT: no {', '.join(missing)}",
                place=drivers.place_of(kernel),
                found=f"{', '.join(missing)}: neither built in nor a module",
                expected=", ".join(_needed(kernel)),
                fix=by_hand("install the package that holds the missing module, or a full kernel"),
                severity=Severity.WARNING if mild else None,
            )


def _needed(kernel: Kernel) -> tuple[str, ...]:
    """vfat and the NLS tables it mounts with by default (fs/fat/inode.c, fat_fill_super)."""
    page = kernel.config.get("FAT_DEFAULT_CODEPAGE", "")
    charset = kernel.config.get("FAT_DEFAULT_IOCHARSET", "")
    names = [f"cp{page}" if page else "", charset]
    return ("vfat", "fat", *(f"nls_{normalise(name)}" for name in names if name))
