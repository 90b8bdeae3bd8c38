"""A wizard asks questions at the first boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_UNITS = (
    "initial-setup.service",
    "initial-setup-text.service",
    "YaST2-Firstboot.service",
    "firstboot-graphical.service",
)


@rule(
    code="DIST-07",
    name="first-boot-wizard",
    severity=Severity.WARNING,
    why="It waits on the console for a person until Azure gives up provisioning.",
    when=(has_guest,),
    sources=(sources.PROVISIONING_ERRORS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No wizard starts at boot."""
    services = subject.linux.services
    for name in _UNITS:
        unit = services.unit(name)
        if unit.starts:
            yield Violation(
                message=f"{name} asks questions at the first boot",
                place=Place(unit.path or name),
                found=f"{name} is {unit.state.value}",
                expected=f"{name} is disabled",
                fix=by_hand(f"systemctl disable {name}"),
            )
