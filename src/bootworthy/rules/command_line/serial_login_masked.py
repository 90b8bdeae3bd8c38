"""The login on the serial console is switched off."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import UnitState
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EnableUnits
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.serial_ports import SERIAL_PORTS
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-30",
    name="serial-login-masked",
    severity=Severity.WARNING,
    why="Azure's serial console is the way in when the network is not, and it would ask nobody.",
    when=(has_guest,),
    sources=(sources.SERIAL_CONSOLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """serial-getty@ttyS0, or @ttyAMA0 of an Arm64 guest, is not masked.

    systemd-getty-generator(8) starts it on every console the kernel has, unless it is.
    """
    services = subject.linux.services
    if services.manager != "systemd":
        return
    name = f"serial-getty@{SERIAL_PORTS[subject.architecture].name}.service"
    unit = services.unit(name)
    if unit.state is UnitState.MASKED:
        yield Violation(
            message="no login is offered on the serial console",
            place=Place(unit.decided_by or unit.path or name),
            found=f"{name} is masked",
            expected=f"{name} starts with the console",
            fix=Fix(title=f"unmask {name}", steps=(EnableUnits(units=(name,)),)),
        )
