from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import EnableUnits
from bootworthy.rules.agent.agent_not_enabled import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, finding, findings, not_applicable, subject

UNIT = "/usr/lib/systemd/system/walinuxagent.service"
OFF: dict[str, Entry | None] = {
    "/etc/systemd/system/multi-user.target.wants/walinuxagent.service": None
}
NO_CLOUD_INIT: dict[str, Entry | None] = {"/usr/bin/cloud-init": None}


def test_it_is_enabled() -> None:
    assert findings(check, subject(healthy())) == ()


def test_under_its_other_name() -> None:
    files = healthy({**OFF, UNIT: None, **unit("waagent.service")})
    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        (OFF, "disabled"),
        ({"/etc/systemd/system/walinuxagent.service": Link("/dev/null")}, "masked"),
    ],
)
def test_it_does_not_start(changes: dict[str, Entry | None], state: str) -> None:
    found = finding(check, subject(healthy({**changes, **NO_CLOUD_INIT})))

    assert found.severity is Severity.ERROR
    assert found.found == f"walinuxagent.service is {state}"
    assert found.fix is not None
    assert found.fix.steps == (EnableUnits(units=("walinuxagent.service",)),)


def test_cloud_init_provisions_without_it() -> None:
    assert finding(check, subject(healthy(OFF))).severity is Severity.WARNING


def test_there_is_no_unit() -> None:
    found = finding(check, subject(healthy({**OFF, UNIT: None})))

    assert found.place.path == "/usr/sbin/waagent"
    assert found.found == "there is no walinuxagent.service"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_no_agent_and_no_init_system() -> None:
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None})))
    bare = healthy({"/usr/lib/systemd": None, "/etc/systemd": None, "/usr/sbin/init": None})
    assert findings(check, subject(bare)) == ()
