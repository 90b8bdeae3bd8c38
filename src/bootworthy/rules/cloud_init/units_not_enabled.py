"""Units of cloud-init do not start at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import Unit, UnitState
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import EnableUnits
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.provisioning import agent_provisions, cloud_init_units_off
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CI-02",
    name="cloud-init-not-enabled",
    severity=Severity.ERROR,
    why="Without all four stages the user, the key or the report to Azure is missing.",
    when=(generalized, with_cloud_init),
    article=(50,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="the article enables one unit of four, under a name that cloud-init 24.3 changed",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every stage of cloud-init is enabled, under the name it has in this version."""
    services = subject.linux.services
    for name in cloud_init_units_off(subject.linux):
        unit = services.unit(name)
        yield Violation(
            message=f"{name} does not start at boot",
            place=Place(unit.decided_by or unit.path or name),
            found=f"{name} is {unit.state.value}",
            expected=f"{name} is enabled",
            fix=_fix(unit),
            severity=Severity.WARNING if agent_provisions(subject.linux) else None,
        )


def _fix(unit: Unit) -> Fix:
    if unit.state is UnitState.ABSENT:
        return by_hand("reinstall cloud-init: its package brings the unit")
    return Fix(title=f"enable {unit.name}", steps=(EnableUnits(units=(unit.name,)),))
