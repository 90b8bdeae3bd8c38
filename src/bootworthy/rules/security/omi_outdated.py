"""Open Management Infrastructure is of a version that anybody can run programs through."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NAME = "omi"
_MINIMUM = (1, 6, 8, 1)


@rule(
    code="SEC-14",
    name="omi-outdated",
    severity=Severity.WARNING,
    why="Whoever reaches its port becomes root without a password, and certification refuses it.",
    when=(with_packages,),
    sources=(
        "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2021-38647",
        sources.LISA,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The package omi is 1.6.8.1 or later, or not installed."""
    packages = subject.linux.packages
    installed = packages.version(_NAME)
    if installed is None:
        return
    version = tuple(int(part[:9]) for part in re.findall(r"[0-9]+", installed)[:4])
    if version < _MINIMUM:
        yield Violation(
            message=f"omi {installed} lets anybody in",
            place=Place(packages.path, within=_NAME),
            found=installed,
            expected="1.6.8.1 or later, or no omi",
            fix=by_hand("remove the package omi, or update it"),
        )
