from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.cloud_init.cloud_init_missing import check
from bootworthy.rules.cloud_init.files import DATASOURCE
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

GONE: dict[str, Entry | None] = {"/usr/bin/cloud-init": None}


def test_it_is_there() -> None:
    assert findings(check, subject(healthy())) == ()


def test_it_is_installed() -> None:
    found = finding(check, subject(healthy(GONE)))

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("cloud-init",)), DATASOURCE)


def test_a_specialized_image_needs_none() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy(GONE), intent=specialized))
