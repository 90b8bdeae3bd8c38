"""A file keeps cloud-init from starting."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.provisioning import agent_provisions
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CI-03",
    name="cloud-init-disabled",
    severity=Severity.ERROR,
    why="cloud-init does not run, and unless the agent provisions, nobody does.",
    when=(generalized, with_cloud_init),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No marker and no ds-identify policy disables it; an error unless the agent provisions."""
    for place in subject.linux.cloud_init.disabled_by:
        yield Violation(
            message="cloud-init is switched off",
            place=place,
            found="the file is there" if place.line is None else "policy: disabled",
            expected="no such file",
            fix=Fix(
                title=f"remove {place.path}",
                steps=(RemovePaths(patterns=(escape(place.path),)),),
            ),
            severity=Severity.WARNING if agent_provisions(subject.linux) else None,
        )
