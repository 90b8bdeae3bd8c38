"""A file keeps cloud-init from starting."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CI-03",
    name="cloud-init-disabled",
    severity=Severity.ERROR,
    why="cloud-init does not run, so that nobody provisions the machine.",
    when=(generalized, with_cloud_init),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No marker file and no ds-identify policy disables it."""
    for place in subject.linux.cloud_init.disabled_by:
        yield Violation(
            message="cloud-init is switched off",
            place=place,
            found=place.within or "the file is there",
            expected="no such file",
            fix=Fix(title=f"remove {place.path}", steps=(RemovePaths(patterns=(place.path,)),)),
        )
