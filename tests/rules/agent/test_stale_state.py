from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.agent.stale_state import check
from tests.guest.memory import Dir
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

STATE = "/var/lib/waagent"


def test_no_state() -> None:
    assert findings(check, subject(healthy())) == ()
    assert findings(check, subject(healthy({STATE: Dir(0o700)}))) == ()


@pytest.mark.parametrize("name", ["provisioned", "ovf-env.xml", "disable_agent"])
def test_it_keeps_a_machine_from_being_provisioned(name: str) -> None:
    found = finding(check, subject(healthy({f"{STATE}/{name}": "", f"{STATE}/Incarnation": "1"})))

    assert found.severity is Severity.ERROR
    assert found.place.path == f"{STATE}/{name}"
    assert found.found == f"{STATE}/{name}, {STATE}/Incarnation"
    assert found.fix is not None
    assert found.fix.steps == (
        RemovePaths(
            patterns=(
                f"{STATE}/*",
                "/var/log/azure/*",
                "/etc/systemd/system/waagent-network-setup.service",
            )
        ),
    )


@pytest.mark.parametrize(
    "path",
    [
        f"{STATE}/GoalState.1.xml",
        "/var/log/azure/Microsoft.X/extension.log",
        "/etc/systemd/system/waagent-network-setup.service",
    ],
)
def test_it_is_merely_stale(path: str) -> None:
    assert finding(check, subject(healthy({path: "x"}))).severity is Severity.WARNING


def test_a_specialized_image_keeps_it() -> None:
    files = healthy({f"{STATE}/provisioned": ""})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
