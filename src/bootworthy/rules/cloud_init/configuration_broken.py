"""A configuration file of cloud-init does not parse, or says a thing twice."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CI-09",
    name="cloud-config-broken",
    severity=Severity.ERROR,
    why="cloud-init ignores a file it cannot read, and with it what the file was there for.",
    when=(generalized, with_cloud_init),
    article=(58, 61),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud.cfg and every file of cloud.cfg.d parse, without duplicate keys."""
    for file in subject.linux.cloud_init.files:
        if file.problem:
            yield Violation(
                message=f"{file.path} cannot be read",
                place=Place(file.path),
                found=file.problem,
                expected="YAML",
                fix=by_hand("mend the file: cloud-init schema --config-file FILE"),
            )
        elif file.duplicate_keys:
            yield Violation(
                message=f"{file.path} says {', '.join(file.duplicate_keys)} twice",
                place=Place(file.path),
                found=f"duplicate keys: {', '.join(file.duplicate_keys)}",
                expected="each key once: the last one wins, the others are lost",
                fix=by_hand("merge the two"),
                severity=Severity.WARNING,
            )
