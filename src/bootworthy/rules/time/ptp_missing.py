"""A kernel cannot give programs the clock of the host."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_OPTION = "PTP_1588_CLOCK"

# hv_util.c registers such a clock since Linux 4.11.
_SINCE = (4, 11)


@rule(
    code="TIME-02",
    name="host-clock-unsupported",
    severity=Severity.WARNING,
    why="chrony finds no /dev/ptp_hyperv, and ends where it is told to use it.",
    when=(with_kernels,),
    sources=(sources.TIME_SYNC, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Each bootable kernel whose configuration is known has CONFIG_PTP_1588_CLOCK."""
    for kernel in subject.linux.bootable_kernels:
        is_missing = kernel.config.get(_OPTION) not in ("y", "m")
        if kernel.config and is_missing and not drivers.is_older(kernel, _SINCE):
            yield Violation(
                message=f"kernel {kernel.release} has no clock of the host",
                place=drivers.place_of(kernel),
                found=f"CONFIG_{_OPTION} not set",
                expected=f"CONFIG_{_OPTION} set",
                fix=by_hand("install the distribution's full kernel, or its kernel for Azure"),
            )
