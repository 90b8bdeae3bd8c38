from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState, ResourceSwap
from bootworthy.rules.swap.cloud_init_swap_unset import check
from bootworthy.rules.swap.resource_files import MOUNT, PROGRAM, SERVICE, STEPS, UNIT
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject


def test_all_is_there() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("path", [MOUNT.path, PROGRAM.path, SERVICE.path])
def test_a_file_is_missing_or_another(path: str) -> None:
    found = finding(check, subject(healthy({path: None})))

    assert found.severity is Severity.NOTE
    assert found.place.path == path
    assert found.found == f"no {path}"
    assert found.fix is not None
    assert found.fix.steps == STEPS
    assert finding(check, subject(healthy({path: "# mine\n"}))).found == (
        f"{path} says something else"
    )


def test_the_service_is_not_enabled() -> None:
    wanted = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
    found = finding(check, subject(healthy({wanted: None})))

    assert found.place.path == SERVICE.path
    assert found.found == f"{UNIT} is not enabled"


@pytest.mark.parametrize(
    "intent",
    [
        Intent(resource_swap=ResourceSwap.AGENT),
        Intent(resource_swap=ResourceSwap.NONE),
        Intent(os_state=OsState.SPECIALIZED),
    ],
)
def test_another_choice(intent: Intent) -> None:
    assert not_applicable(check, subject(healthy({PROGRAM.path: None}), intent=intent))


def test_no_cloud_init_and_no_systemd() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
    openrc = healthy({"/usr/lib/systemd": None, "/usr/sbin/init": None, "/usr/sbin/openrc": "elf"})
    assert not_applicable(check, subject(openrc)) == "the init system is openrc"
