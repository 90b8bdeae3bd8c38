"""azure-init is installed and would not provision, or not alone."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import UnitState
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import software
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.provisioning import agent_provisions, cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_UNIT = "azure-init.service"

# libazureinit runs these to make the user and to name the machine.
_PROGRAMS = ("useradd", "hostnamectl", "passwd")


@rule(
    code="AGT-21",
    name="azure-init-incoherent",
    severity=Severity.WARNING,
    why="Two provisioners report for one machine, or none does.",
    when=(generalized, has_guest),
    sources=("https://github.com/Azure/azure-init",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """azure-init, where it is installed, starts, has its programs and nobody beside it."""
    guest = subject.linux
    unit = guest.services.unit(_UNIT)
    if unit.state is UnitState.ABSENT:
        return
    other = cloud_init_starts(guest) or agent_provisions(guest)
    # One that is switched off beside another provisioner is what its owner chose.
    if not unit.starts and other:
        return
    for found, expected in _problems(guest, starts=unit.starts, other=other):
        yield Violation(
            message=f"azure-init does not provision alone: {found}",
            place=Place(unit.path),
            found=found,
            expected=expected,
            fix=by_hand("leave one provisioner switched on, with what it needs"),
        )


def _problems(guest: Guest, *, starts: bool, other: bool) -> Iterator[tuple[str, str]]:
    if not starts:
        yield f"{_UNIT} is not enabled", f"{_UNIT} enabled"
    if other:
        yield "cloud-init or the agent provisions as well", "one provisioner"
    missing = [name for name in _PROGRAMS if not software.has_program(guest, name)]
    if missing:
        yield f"no {', '.join(missing)}", ", ".join(_PROGRAMS)
