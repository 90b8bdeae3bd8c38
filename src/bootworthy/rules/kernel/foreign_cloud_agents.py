"""Agents of another cloud are installed."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "google-guest-agent",
    "google-compute-engine*",
    "google-osconfig-agent",
    "amazon-ssm-agent",
    "ec2-instance-connect",
    "amazon-ec2-utils",
    "oracle-cloud-agent",
    "cloud-init-vmware-guestinfo",
    "open-nebula-context",
)


@rule(
    code="KERN-25",
    name="foreign-cloud-agent-installed",
    severity=Severity.NOTE,
    why="They ask a metadata service that Azure does not have, and some change users and routes.",
    when=(with_packages,),
    article=(14,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No agent of another cloud is there."""
    packages = subject.linux.packages
    found = [
        name
        for name in packages.installed
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in _PATTERNS)
    ]
    if found:
        yield Violation(
            message=f"agents of another cloud are installed: {', '.join(found)}",
            place=Place(packages.path),
            found=", ".join(found),
            expected="none of them",
            fix=by_hand(f"remove {' '.join(found)}"),
        )
