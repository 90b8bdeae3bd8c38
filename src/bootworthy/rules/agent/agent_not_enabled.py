"""The agent is installed and does not start at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import Unit
from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import EnableUnits
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.provisioning import cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="AGT-05",
    name="agent-not-enabled",
    severity=Severity.ERROR,
    why="An agent that does not run handles no extensions, and provisions nothing if it should.",
    when=(with_agent,),
    article=(50,),
    sources=(sources.ARTICLE,),
    deviation="the article enables waagent.service; on Debian and Ubuntu the unit is called "
    "walinuxagent.service",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The agent's unit is enabled under its real name; an error unless cloud-init provisions."""
    guest = subject.linux
    names = guest.family.units_for(Need.AGENT)
    if not guest.services.manager or any(guest.services.unit(name).starts for name in names):
        return
    unit = guest.services.first_present(*names)
    yield Violation(
        message="the agent does not start at boot",
        place=Place(unit.path if unit else guest.agent.program or names[0]),
        found=f"{unit.name} is {unit.state.value}" if unit else f"there is no {names[0]}",
        expected=f"{unit.name if unit else names[0]} is enabled",
        fix=_fix(unit),
        severity=Severity.WARNING if cloud_init_starts(guest) else None,
    )


def _fix(unit: Unit | None) -> Fix:
    if unit is None:
        return by_hand("install the agent from this distribution's packages, which bring its unit")
    return Fix(title=f"enable {unit.name}", steps=(EnableUnits(units=(unit.name,)),))
