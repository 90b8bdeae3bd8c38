"""NUMA is on where an old kernel cannot bear it, or off where a new one needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.guest.facts.kernels import Kernel
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Article: before 2.6.37 upstream; Red Hat fixed it in 2.6.32-504 (RHEL 6.6, KB 436883).
_FIXED_UPSTREAM = (2, 6, 37)
_FIXED_RED_HAT = 504

_OFF = "numa=off"


@rule(
    code="KERN-11",
    name="numa-setting-wrong",
    severity=Severity.ERROR,
    why="Kernels before 2.6.37 crash on the NUMA tables of larger machine sizes.",
    when=(with_kernels,),
    article=(10,),
    sources=(sources.ARTICLE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """An old kernel has numa=off on its command line, a newer one has not."""
    kernels = {kernel.image: kernel for kernel in subject.linux.kernels}
    for entry in subject.linux.boot_loader.entries:
        kernel = kernels.get(entry.kernel)
        if kernel is None:
            continue
        if _is_broken(kernel) and not entry.has(_OFF):
            fix = Fix(title=f"add {_OFF}", steps=(SetKernelArguments(add=(_OFF,)),))
            yield _violation(entry, f"{kernel.release} needs {_OFF}", _OFF, fix, None)
        elif not _is_broken(kernel) and entry.has(_OFF):
            fix = Fix(title=f"drop {_OFF}", steps=(SetKernelArguments(remove=(_OFF,)),))
            message = f"{_OFF} slows {kernel.release} down for nothing"
            yield _violation(entry, message, f"no {_OFF}", fix, Severity.WARNING)


def _is_broken(kernel: Kernel) -> bool:
    red_hat = re.match(r"2\.6\.32-(\d+)\b.*\.el6", kernel.release)
    if red_hat:
        return int(red_hat[1]) < _FIXED_RED_HAT
    return kernel.version < _FIXED_UPSTREAM


def _violation(
    entry: BootEntry, message: str, expected: str, fix: Fix, severity: Severity | None
) -> Violation:
    return Violation(
        message=message,
        place=Place(entry.path, entry.line, entry.title),
        found=" ".join(entry.arguments),
        expected=expected,
        fix=fix,
        severity=severity,
    )
