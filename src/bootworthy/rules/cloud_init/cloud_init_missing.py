"""cloud-init is not installed."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import software, sources
from bootworthy.rules.cloud_init.files import DATASOURCE
from bootworthy.rules.conditions import cloud_init_wanted, generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CI-01",
    name="cloud-init-missing",
    severity=Severity.WARNING,
    why="Custom data, user data and the layout of disks are cloud-init's work on Azure.",
    when=(generalized, cloud_init_wanted, has_guest),
    article=(15, 49),
    sources=(sources.ARTICLE, sources.PROVISIONING),
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud-init is there."""
    guest = subject.linux
    if not guest.cloud_init.installed:
        yield Violation(
            message="cloud-init is not installed",
            place=Place("/usr/bin/cloud-init"),
            found="no such file",
            expected="cloud-init, from this distribution's packages",
            fix=software.install(guest, Need.CLOUD_INIT, DATASOURCE),
        )
