"""A kernel was built without what certification of images asks for."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# LISA, verify_essential_kernel_modules, besides the drivers that have rules of their own.
_OPTIONS = ("WATCHDOG", "CIFS")


@rule(
    code="KERN-14",
    name="kernel-options-missing",
    severity=Severity.WARNING,
    why="Shares of Azure Files cannot be mounted, or a hung machine goes unnoticed.",
    when=(with_kernels,),
    sources=(sources.LISA,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel whose configuration is known has CONFIG_WATCHDOG and CONFIG_CIFS."""
    for kernel in subject.linux.bootable_kernels:
        missing = [name for name in _OPTIONS if kernel.config.get(name) not in ("y", "m")]
        if kernel.config and missing:
            words = ", ".join(f"CONFIG_{name}" for name in missing)
            yield Violation(
                message=f"kernel {kernel.release} was built without {words}",
                place=drivers.place_of(kernel),
                found=f"{words} not set",
                expected=f"{words} set",
                fix=by_hand("install the distribution's full kernel, or its kernel for Azure"),
            )
