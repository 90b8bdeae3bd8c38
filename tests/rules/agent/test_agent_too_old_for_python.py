from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.agent.agent_too_old_for_python import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

MODULE = "/usr/lib/python3/dist-packages/azurelinuxagent/common/osutil/default.py"
OLD = "ifconf_buff = buff.tostring()\n"
ALONE: dict[str, Entry | None] = {"/usr/bin/cloud-init": None, "/etc/waagent.conf": ""}


def test_it_crashes_while_it_provisions() -> None:
    found = finding(check, subject(healthy({**ALONE, MODULE: OLD})))

    assert found.severity is Severity.ERROR
    assert found.place.path == MODULE
    assert found.message == "agent 2.9.1.1 cannot provision under Python 3.11"
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("waagent",)),)
    assert "2.2.54 or later" in found.fix.title


@pytest.mark.parametrize(
    "changes",
    [
        {**ALONE, MODULE: "ifconf_buff = array_to_bytes(buff)\n"},
        ALONE,
        {MODULE: OLD},
        {**ALONE, "/etc/waagent.conf": "Provisioning.Agent=cloud-init\n", MODULE: OLD},
        {**ALONE, MODULE: OLD, "/usr/bin/python3": Link("python3.8"), "/usr/bin/python3.8": "elf"},
        {**ALONE, MODULE: OLD, "/usr/bin/python3": "of no known version"},
    ],
)
def test_what_does_not(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(changes))) == ()


def test_a_specialized_machine_is_not_provisioned() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    files = healthy({**ALONE, MODULE: OLD})
    assert not_applicable(check, subject(files, intent=specialized))
