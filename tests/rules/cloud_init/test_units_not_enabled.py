from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import EnableUnits
from bootworthy.rules.cloud_init.units_not_enabled import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, finding, findings, not_applicable, subject

WANTS = "/etc/systemd/system/cloud-init.target.wants"
VENDOR = "/usr/lib/systemd/system"


def newer() -> dict[str, Entry | None]:
    """The units of cloud-init 24.3 and later."""
    names = ("cloud-init-main.service", "cloud-init-network.service")
    units = [unit(name, "cloud-init.target") for name in names]
    return {
        f"{VENDOR}/cloud-init.service": None,
        f"{WANTS}/cloud-init.service": None,
        **units[0],
        **units[1],
    }


def test_every_stage_starts() -> None:
    assert findings(check, subject(healthy())) == ()
    assert findings(check, subject(healthy(newer()))) == ()


@pytest.mark.parametrize("name", ["cloud-init-local", "cloud-init", "cloud-config", "cloud-final"])
def test_a_stage_is_off(name: str) -> None:
    found = finding(check, subject(healthy({f"{WANTS}/{name}.service": None})))

    assert found.severity is Severity.ERROR
    assert found.message == f"{name}.service does not start at boot"
    assert found.found == f"{name}.service is disabled"
    assert found.fix is not None
    assert found.fix.steps == (EnableUnits(units=(f"{name}.service",)),)


def test_the_main_unit_of_newer_versions() -> None:
    files = healthy({**newer(), f"{WANTS}/cloud-init-main.service": None})
    assert finding(check, subject(files)).message.startswith("cloud-init-main.service ")


def test_a_stage_is_masked() -> None:
    mask = "/etc/systemd/system/cloud-config.service"
    found = finding(check, subject(healthy({mask: Link("/dev/null")})))

    assert found.place.path == mask
    assert found.found == "cloud-config.service is masked"


def test_a_unit_is_missing() -> None:
    gone = {f"{VENDOR}/cloud-final.service": None, f"{WANTS}/cloud-final.service": None}
    found = finding(check, subject(healthy(gone)))

    assert found.found == "cloud-final.service is absent"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_the_agent_provisions_instead() -> None:
    files = healthy(
        {
            f"{WANTS}/cloud-init-local.service": None,
            "/etc/waagent.conf": "Provisioning.Agent=waagent\n",
        }
    )
    assert finding(check, subject(files)).severity is Severity.WARNING


def test_other_init_systems_are_not_judged() -> None:
    files = healthy({"/usr/lib/systemd": None, "/usr/sbin/init": None, "/usr/sbin/openrc": "elf"})
    assert findings(check, subject(files)) == ()


def test_no_cloud_init() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
