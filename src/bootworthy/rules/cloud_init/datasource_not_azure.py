"""cloud-init is not told that it runs on Azure, or is told something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import DATASOURCE, write
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "datasource_list"

# tools/ds-identify, check_config: it reads lines, not YAML, and wants the key with its colon.
_ONE_LINE = re.compile(rf"^[ \t]*{_KEY}: .*\[.*\][ \t]*(#.*)?$", re.MULTILINE)


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
    """datasource_list in force is [ Azure ], and on one line.

    Without any list cloud-init tries all it knows, Azure among them.
    """
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
        fix=write(DATASOURCE, _KEY, cloud_init),
        severity=severity,
    )


def _is_on_one_line(guest: Guest, origin: str) -> bool:
    return bool(_ONE_LINE.search(guest.tree.text_or(origin)))
