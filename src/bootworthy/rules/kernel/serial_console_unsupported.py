"""A bootable kernel cannot talk on a serial port."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels, x64
from bootworthy.rules.drivers import place_of
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_OPTION = "SERIAL_8250_CONSOLE"


@rule(
    code="KERN-12",
    name="serial-console-unsupported",
    severity=Severity.WARNING,
    why="Azure shows nothing of a boot but the first serial port.",
    when=(x64, with_kernels),
    article=(38,),
    sources=(sources.SERIAL_CONSOLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The configuration of every bootable kernel, where it is shipped, has the console built in."""
    for kernel in subject.linux.bootable_kernels:
        if "SERIAL_8250" in kernel.config and kernel.config.get(_OPTION) != "y":
            yield Violation(
                message=f"kernel {kernel.release} has no console on serial ports",
                place=place_of(kernel),
                found=f"CONFIG_{_OPTION} is not set",
                expected=f"CONFIG_{_OPTION}=y",
                fix=by_hand("install a kernel with a serial console"),
            )
