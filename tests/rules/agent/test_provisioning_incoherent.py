from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState, Provisioning
from bootworthy.model.steps import DisableUnits, InstallPackages, SetKeys
from bootworthy.rules.agent.provisioning_incoherent import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

CONFIG = "/etc/waagent.conf"
GONE: dict[str, Entry | None] = {"/usr/bin/cloud-init": None}
OFF: dict[str, Entry | None] = {"/etc/cloud/cloud-init.disabled": ""}
SPECIALIZED = Intent(os_state=OsState.SPECIALIZED)


def told(value: str, **changes: Entry | None) -> dict[str, Entry]:
    line = f"Provisioning.Agent={value}\n" if value else ""
    return healthy({CONFIG: f"# What the agent does.\n{line}", **changes})


def key(value: str, path: str = CONFIG) -> tuple[SetKeys]:
    return (SetKeys(path=path, settings=(("Provisioning.Agent", value),)),)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        ("cloud-init", {}),
        ("Cloud-Init  # as the article has it", {}),
        # The agent reports, cloud-init provisions.
        ("disabled", {}),
        ("waagent", GONE),
        ("auto", GONE),
        ("", GONE),
    ],
)
def test_the_value_fits(value: str, changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(told(value, **changes))) == ()


@pytest.mark.parametrize("value", ["auto", "", "None"])
def test_a_guess_at_boot(value: str) -> None:
    found = finding(check, subject(told(value)))

    assert found.severity is Severity.NOTE
    assert found.message == "who provisions is left to a guess at boot"
    assert found.fix is not None
    assert found.fix.steps == key("cloud-init")


def test_no_line_at_all() -> None:
    found = finding(check, subject(told("")))

    assert found.place.line is None
    assert found.found == "no Provisioning.Agent, which means auto"


def test_two_would_provision() -> None:
    found = finding(check, subject(told("waagent")))

    assert found.severity is Severity.ERROR
    assert str(found.place) == f"{CONFIG}:2"
    assert found.found == "Provisioning.Agent=waagent"
    assert found.fix is not None
    assert found.fix.steps == key("cloud-init")


def test_two_will_once_cloud_init_is_switched_on() -> None:
    found = finding(check, subject(told("waagent", **OFF)))

    assert found.severity is Severity.WARNING
    assert found.expected == "Provisioning.Agent=cloud-init"


@pytest.mark.parametrize("changes", [GONE, OFF])
def test_nobody_would_provision(changes: dict[str, Entry | None]) -> None:
    found = finding(check, subject(told("disabled", **changes)))

    assert found.severity is Severity.ERROR
    assert found.message == "the agent is told not to provision, and nothing else does"


def test_the_agent_would_wait_for_cloud_init() -> None:
    found = finding(check, subject(told("cloud-init", **GONE)))

    assert found.severity is Severity.ERROR
    assert found.expected == "Provisioning.Agent=cloud-init"
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("cloud-init",)),)


def test_without_packages_the_agent_has_to_do_it() -> None:
    files = told("cloud-init", **GONE, **{"/etc/os-release": "ID=void\n"})
    found = finding(check, subject(files))
    assert found.fix is not None
    assert found.fix.steps == key("waagent")


def test_a_specialized_image() -> None:
    assert findings(check, subject(told("disabled"), intent=SPECIALIZED)) == ()

    found = finding(check, subject(told("cloud-init"), intent=SPECIALIZED))
    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == key("disabled")


def test_a_specialized_image_that_was_provisioned() -> None:
    files = told("cloud-init", **{"/var/lib/waagent/provisioned": "id"})
    assert finding(check, subject(files, intent=SPECIALIZED)).severity is Severity.NOTE


def test_a_configuration_elsewhere() -> None:
    path = "/usr/share/oem/waagent.conf"
    files = healthy({CONFIG: None, path: "Provisioning.Agent=waagent\n"})
    found = finding(check, subject(files))

    assert found.place.path == path
    assert found.fix is not None
    assert found.fix.steps == key("cloud-init", path)


def test_no_agent() -> None:
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None})))


ALONE = Intent(provisioning=Provisioning.AGENT)


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("cloud-init", Severity.WARNING),
        ("auto", Severity.WARNING),
        ("waagent", Severity.ERROR),
    ],
)
def test_the_agent_alone_is_to_provision_and_cloud_init_starts(
    value: str, severity: Severity
) -> None:
    found = finding(check, subject(told(value), intent=ALONE))

    assert found.severity is severity
    assert found.expected == "Provisioning.Agent=waagent"
    assert found.fix is not None
    (disabled, setting) = found.fix.steps
    assert isinstance(disabled, DisableUnits)
    assert "cloud-init-local.service" in disabled.units
    assert "cloud-init-main.service" not in disabled.units
    assert (setting,) == key("waagent")


@pytest.mark.parametrize(
    ("value", "fine"), [("waagent", True), ("auto", True), ("cloud-init", False)]
)
def test_the_agent_alone_beside_a_cloud_init_that_is_switched_off(value: str, fine: bool) -> None:
    found = findings(check, subject(told(value, **OFF), intent=ALONE))

    assert bool(found) is not fine
    assert all(item.fix and item.fix.steps == key("waagent") for item in found)


def test_a_specialized_image_keeps_its_cloud_init_whoever_provisions_others() -> None:
    moved = Intent(provisioning=Provisioning.AGENT, os_state=OsState.SPECIALIZED)
    found = finding(check, subject(told("cloud-init"), intent=moved))

    assert found.fix is not None
    assert found.fix.steps == key("disabled")


def test_without_systemd_cloud_init_has_to_be_removed() -> None:
    openrc: dict[str, Entry | None] = {"/usr/sbin/openrc": "", "/usr/sbin/init": "busybox"}
    found = finding(check, subject(told("cloud-init", **openrc), intent=ALONE))
    assert found.fix is not None
    assert found.fix.steps == ()
