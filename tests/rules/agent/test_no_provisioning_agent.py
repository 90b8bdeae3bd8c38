from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.agent.no_provisioning_agent import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, finding, findings, not_applicable, subject

NEITHER: dict[str, Entry | None] = {"/usr/bin/cloud-init": None, "/usr/sbin/waagent": None}


def test_one_of_them_is_enough() -> None:
    for path in NEITHER:
        assert findings(check, subject(healthy({path: None}))) == ()


def test_another_one_provisions() -> None:
    files = healthy({**NEITHER, **unit("azure-init.service")})
    assert findings(check, subject(files)) == ()


def test_nobody_provisions() -> None:
    found = finding(check, subject(healthy(NEITHER)))

    assert found.severity is Severity.ERROR
    assert found.found == "neither cloud-init nor the Azure Linux agent"
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("cloud-init",)),)


def test_a_specialized_image_is_not_provisioned() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(healthy(NEITHER), intent=specialized))
