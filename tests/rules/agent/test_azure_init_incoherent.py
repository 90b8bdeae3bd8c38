from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.agent.azure_init_incoherent import check
from tests.rules.healthy import elf, healthy, unit
from tests.rules.making import Entry, findings, subject

UNIT = "azure-init.service"
LINK = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
PROGRAMS = {"/usr/bin/hostnamectl": elf(), "/usr/bin/passwd": elf()}
NO_CLOUD_INIT: dict[str, Entry | None] = {
    "/usr/bin/cloud-init": None,
    "/etc/waagent.conf": "Provisioning.Agent=disabled\n",
}


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_a_guest_without_it_passes() -> None:
    assert look({}) == ()


def test_alone_and_whole_it_passes() -> None:
    assert look({**NO_CLOUD_INIT, **PROGRAMS, **unit(UNIT)}) == ()


def test_switched_off_beside_cloud_init_it_passes() -> None:
    assert look({**unit(UNIT), LINK: None}) == ()


def test_beside_cloud_init() -> None:
    (found,) = look({**PROGRAMS, **unit(UNIT)})

    assert found.severity is Severity.WARNING
    assert found.found == "cloud-init or the agent provisions as well"


def test_switched_off_alone() -> None:
    (found,) = look({**NO_CLOUD_INIT, **PROGRAMS, **unit(UNIT), LINK: None})
    assert found.found == f"{UNIT} is not enabled"


def test_without_its_programs() -> None:
    (found,) = look({**NO_CLOUD_INIT, **unit(UNIT)})
    assert found.found == "no hostnamectl, passwd"
