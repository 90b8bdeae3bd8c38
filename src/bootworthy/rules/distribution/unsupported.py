"""The distribution is no longer supported, or Azure does not know it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bootworthy.guest.facts.release import Release
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# The last day of free support, by id and major version (Ubuntu: whole version). Sources: Debian's
# LTS wiki, Ubuntu's release cycle page, the CentOS end-of-life notice that the article cites.
_END = {
    ("debian", "8"): "2020-06-30",
    ("debian", "9"): "2022-06-30",
    ("debian", "10"): "2024-06-30",
    ("debian", "11"): "2026-08-31",
    ("debian", "12"): "2028-06-30",
    ("debian", "13"): "2030-06-30",
    ("ubuntu", "14.04"): "2019-04-30",
    ("ubuntu", "16.04"): "2021-04-30",
    ("ubuntu", "18.04"): "2023-05-31",
    ("ubuntu", "20.04"): "2025-05-31",
    ("ubuntu", "22.04"): "2027-06-30",
    ("ubuntu", "24.04"): "2029-05-31",
    ("centos", "6"): "2020-11-30",
    ("centos", "7"): "2024-06-30",
    ("centos", "8"): "2021-12-31",
}

# Microsoft's list of endorsed distributions.
_ENDORSED = frozenset(
    (
        "almalinux",
        "azurelinux",
        "centos",
        "debian",
        "flatcar",
        "mariner",
        "ol",
        "opensuse-leap",
        "oracle",
        "rhel",
        "rocky",
        "sles",
        "sles_sap",
        "ubuntu",
    )
)


@rule(
    code="DIST-01",
    name="distribution-unsupported",
    severity=Severity.WARNING,
    why="Without updates the image has known holes; without endorsement Azure's SLA ends at it.",
    when=(has_guest,),
    article=(1, 2),
    sources=(sources.ARTICLE, sources.ENDORSED),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The release still gets updates, and Microsoft endorses the distribution."""
    release = subject.linux.release
    end = _END.get(_key(release))
    if end and dt.date.fromisoformat(end) < dt.datetime.now(dt.UTC).date():
        yield _violation(release, f"support ended on {end}", "a supported release", None)
    elif release.id not in _ENDORSED:
        found = f"{release.id or 'unknown'} is not on Microsoft's list"
        yield _violation(release, found, "an endorsed distribution", Severity.NOTE)


def _key(release: Release) -> tuple[str, str]:
    version = release.version_id
    return (release.id, version if release.id == "ubuntu" else version.split(".")[0])


def _violation(release: Release, found: str, expected: str, severity: Severity | None) -> Violation:
    return Violation(
        message=f"{release.pretty_name or release.name or 'this Linux'}: {found}",
        place=Place("/etc/os-release"),
        found=found,
        expected=expected,
        fix=by_hand("upgrade the distribution, or go on with community support"),
        severity=severity,
    )
