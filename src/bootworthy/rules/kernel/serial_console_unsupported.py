"""A bootable kernel cannot talk on a serial port."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_kernels
from bootworthy.rules.drivers import place_of
from bootworthy.rules.rule import rule
from bootworthy.rules.serial_ports import SERIAL_PORTS
from bootworthy.rules.subject import Subject


@rule(
    code="KERN-12",
    name="serial-console-unsupported",
    severity=Severity.WARNING,
    why="Azure shows nothing of a boot but the first serial port.",
    when=(with_kernels,),
    article=(38,),
    sources=(sources.SERIAL_CONSOLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The configuration of every bootable kernel, where it is shipped, has the console built in."""
    port = SERIAL_PORTS[subject.architecture]
    for kernel in subject.linux.bootable_kernels:
        if port.driver in kernel.config and kernel.config.get(port.console) != "y":
            yield Violation(
                message=f"kernel {kernel.release} has no console on the serial port {port.name}",
                place=place_of(kernel),
                found=f"CONFIG_{port.console} is not set",
                expected=f"CONFIG_{port.console}=y",
                fix=by_hand("install a kernel with a serial console"),
            )
