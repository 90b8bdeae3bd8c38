"""The agent is installed and does not start at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EnableUnits
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="AGT-05",
    name="agent-not-enabled",
    severity=Severity.ERROR,
    why="An agent that does not run neither provisions nor reports; Azure calls it not ready.",
    when=(with_agent,),
    article=(50,),
    sources=(sources.ARTICLE,),
    deviation="the article enables waagent.service; on Debian and Ubuntu the unit is called "
    "walinuxagent.service",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The agent's unit is enabled under its real name."""
    guest = subject.linux
    names = guest.family.units_for(Need.AGENT)
    if not guest.services.manager or any(guest.services.unit(name).starts for name in names):
        return
    unit = guest.services.first_present(*names)
    if unit:
        yield Violation(
            message="the agent does not start at boot",
            place=Place(unit.path or unit.name),
            found=f"{unit.name} is {unit.state.value}",
            expected=f"{unit.name} is enabled",
            fix=Fix(title=f"enable {unit.name}", steps=(EnableUnits(units=(unit.name,)),)),
        )
