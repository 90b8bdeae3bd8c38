"""cloud-init is not told that it runs on Azure, or is told something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import DATASOURCE
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "datasource_list"
_ONE_LINE = re.compile(rf"^\s*{_KEY}\s*:\s*\[.*\]\s*(#.*)?$", re.MULTILINE)


@rule(
    code="CI-04",
    name="datasource-not-azure",
    severity=Severity.ERROR,
    why="cloud-init looks for other clouds, finds none and provisions nothing.",
    when=(generalized, with_cloud_init),
    article=(59,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """datasource_list in force is [ Azure ], on one line, and nothing later overrides it."""
    cloud_init = subject.linux.cloud_init
    value = cloud_init.config.get(_KEY)
    origin = cloud_init.origin.get(_KEY, "/etc/cloud/cloud.cfg")
    names = value if isinstance(value, list) else []
    if "Azure" not in names:
        severity = Severity.WARNING if value is None else None
        yield _violation(cloud_init, origin, _words(value), severity)
    elif names != ["Azure"]:
        yield _violation(cloud_init, origin, _words(value), Severity.NOTE)
    elif not _is_on_one_line(subject.linux, origin):
        yield _violation(cloud_init, origin, "the list is spread over lines", Severity.WARNING)


def _words(value: object) -> str:
    return f"no {_KEY}" if value is None else f"{_KEY}: {value}"


def _violation(
    cloud_init: CloudInit, origin: str, found: str, severity: Severity | None
) -> Violation:
    return Violation(
        message="cloud-init is not told to look at Azure only",
        place=Place(origin),
        found=found,
        expected=f"{_KEY}: [ Azure ]",
        fix=_fix(cloud_init),
        severity=severity,
    )


def _fix(cloud_init: CloudInit) -> Fix:
    later = [
        file.path
        for file in cloud_init.files
        if file.path > DATASOURCE.path and _KEY in file.data and file.path.endswith(".cfg")
    ]
    if later:
        names = ", ".join(later)
        return Fix(
            title=f"write {DATASOURCE.path}; {names} is read later and has to be removed by hand",
            steps=(DATASOURCE,),
        )
    return Fix(title=f"write {DATASOURCE.path}", steps=(DATASOURCE,))


def _is_on_one_line(guest: Guest, origin: str) -> bool:
    return bool(_ONE_LINE.search(guest.tree.text_or(origin)))
