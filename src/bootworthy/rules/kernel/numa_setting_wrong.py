"""NUMA is on where an old kernel cannot bear it, or off where a new one needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import drivers, sources
from bootworthy.rules.command_line.entries import add, drop, violation
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
    """Every entry has numa=off where an old kernel is started, and none has it elsewhere."""
    kernels = {kernel.image: kernel for kernel in subject.linux.kernels}
    started = [
        (entry, kernels[entry.kernel])
        for entry in subject.linux.boot_loader.entries
        if entry.kernel in kernels
    ]
    old = [(entry, kernel) for entry, kernel in started if _is_broken(kernel)]
    if lacking := [(entry, kernel) for entry, kernel in old if not entry.has(_OFF)]:
        message = f"kernel {lacking[0][1].release} crashes without {_OFF}"
        entries = [entry for entry, _ in lacking]
        yield violation(entries, message, expected=_OFF, fix=add(_OFF))
    # An argument is set for all entries or for none.
    if having := [(entry, kernel) for entry, kernel in started if entry.has(_OFF) and not old]:
        message = f"{_OFF} slows kernel {having[0][1].release} down for nothing"
        entries = [entry for entry, _ in having]
        mild = Severity.WARNING
        yield violation(entries, message, expected=f"no {_OFF}", fix=drop(_OFF), severity=mild)


def _is_broken(kernel: Kernel) -> bool:
    red_hat = re.match(r"2\.6\.32-(\d{1,9})\b.*\.el6", kernel.release)
    if red_hat:
        return int(red_hat[1]) < _FIXED_RED_HAT
    return drivers.is_older(kernel, _FIXED_UPSTREAM)
