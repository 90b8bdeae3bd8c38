"""The Hyper-V daemons are missing or do not start."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import udev_wants
from bootworthy.guest.facts.services import Unit, UnitState
from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EnableUnits
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PROGRAMS = ("hv_kvp_daemon", "hypervkvpd")


@rule(
    code="AGT-20",
    name="hyperv-daemons-missing",
    severity=Severity.WARNING,
    why="The host reads the guest's addresses and its provisioning report through them.",
    when=(has_guest,),
    article=(49,),
    sources=(sources.ARTICLE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The key-value daemon is installed, and starts at boot or when its device appears."""
    guest = subject.linux
    if not software.has_program(guest, *_PROGRAMS):
        yield Violation(
            message="the Hyper-V daemons are not installed",
            place=Place("/usr/sbin/hv_kvp_daemon"),
            found="no such program",
            expected="the daemons, started at boot",
            fix=software.install(guest, Need.HYPERV_DAEMONS),
        )
    elif unit := _idle(guest):
        yield Violation(
            message="the Hyper-V daemons do not start at boot",
            place=Place(unit.path or unit.name),
            found=f"{unit.name} is {unit.state.value}",
            expected=f"{unit.name} is enabled",
            fix=Fix(title=f"enable {unit.name}", steps=(EnableUnits(units=(unit.name,)),)),
        )


def _idle(guest: Guest) -> Unit | None:
    """The daemon's unit when nothing starts it; Debian's package has a udev rule do it."""
    unit = guest.services.first_present(*guest.family.units_for(Need.HYPERV_DAEMONS))
    if unit is None or unit.starts:
        return None
    by_udev = unit.state is not UnitState.MASKED and unit.name in udev_wants.read(guest.tree)
    return None if by_udev else unit
