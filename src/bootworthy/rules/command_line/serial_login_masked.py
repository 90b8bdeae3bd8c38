"""The login on the serial console is switched off."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import UnitState
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EnableUnits
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, x64
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# systemd-getty-generator(8) starts it on every console the kernel has, unless it is masked.
_UNIT = "serial-getty@ttyS0.service"


@rule(
    code="CMD-30",
    name="serial-login-masked",
    severity=Severity.WARNING,
    why="Azure's serial console is the way in when the network is not, and it would ask nobody.",
    when=(has_guest, x64),
    sources=(sources.SERIAL_CONSOLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """serial-getty@ttyS0 is not masked."""
    services = subject.linux.services
    if services.manager != "systemd":
        return
    unit = services.unit(_UNIT)
    if unit.state is UnitState.MASKED:
        yield Violation(
            message="no login is offered on the serial console",
            place=Place(unit.decided_by or unit.path or _UNIT),
            found=f"{_UNIT} is masked",
            expected=f"{_UNIT} starts with the console",
            fix=Fix(title=f"unmask {_UNIT}", steps=(EnableUnits(units=(_UNIT,)),)),
        )
