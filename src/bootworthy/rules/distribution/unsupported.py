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
# LTS wiki, distro-info-data for Ubuntu, and the end-of-life pages of CentOS, which the article
# cites, and of Red Hat, Rocky, AlmaLinux and Oracle.
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
    ("ubuntu", "22.04"): "2027-06-01",
    ("ubuntu", "23.10"): "2024-07-11",
    ("ubuntu", "24.04"): "2029-05-31",
    ("ubuntu", "24.10"): "2025-07-10",
    ("ubuntu", "25.04"): "2026-01-15",
    ("centos", "6"): "2020-11-30",
    ("centos", "7"): "2024-06-30",
    ("centos", "8"): "2021-12-31",
    ("centos stream", "8"): "2024-05-31",
    ("centos stream", "9"): "2027-05-31",
    ("rhel", "6"): "2020-11-30",
    ("rhel", "7"): "2024-06-30",
    ("rhel", "8"): "2029-05-31",
    ("rhel", "9"): "2032-05-31",
    ("ol", "6"): "2021-03-31",
    ("ol", "7"): "2024-12-31",
    ("rocky", "8"): "2029-05-31",
    ("rocky", "9"): "2032-05-31",
    ("almalinux", "8"): "2029-03-01",
    ("almalinux", "9"): "2032-05-31",
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
    if end and dt.date.fromisoformat(end) < subject.now.date():
        yield _violation(release, f"support ended on {end}", "a supported release", None)
    elif release.id not in _ENDORSED:
        found = "it is not on Microsoft's list of endorsed distributions"
        yield _violation(release, found, "an endorsed distribution", Severity.NOTE)


def _key(release: Release) -> tuple[str, str]:
    version = release.version_id
    # CentOS Stream has the id of CentOS, and lives on where that ended.
    name = "centos stream" if release.name.casefold() == "centos stream" else release.id
    return (name, version if name == "ubuntu" else version.split(".")[0])


def _violation(release: Release, found: str, expected: str, severity: Severity | None) -> Violation:
    name = release.pretty_name or release.name or release.id
    return Violation(
        message=f"{name or 'this Linux, which does not say what it is'}: {found}",
        place=Place("/etc/os-release"),
        found=found,
        expected=expected,
        fix=by_hand("upgrade the distribution, or go on with community support"),
        severity=severity,
    )
