from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import WriteFile
from bootworthy.rules.network.cloud_init_network import PATH, TEXT, check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

LOOPBACK = "auto lo\niface lo inet loopback\n"
OTHER = "/etc/cloud/cloud.cfg.d/99-site.cfg"


def test_cloud_init_leaves_the_network_alone() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("state", list(OsState))
def test_both_would_configure_it(state: OsState) -> None:
    found = finding(check, subject(healthy({PATH: None}), intent=Intent(os_state=state)))

    assert found.found == "/etc/network/interfaces:7 configures eth0; cloud-init does so too"
    assert found.expected == "network: {config: disabled}"
    assert found.fix is not None
    assert found.fix.title == f"write {PATH}"
    assert found.fix.steps == (WriteFile(path=PATH, text=TEXT),)


@pytest.mark.parametrize(
    "text", ["network: {config: enabled}\n", "network: []\n", "network: disabled\n"]
)
def test_another_setting_is_named(text: str) -> None:
    found = finding(check, subject(healthy({PATH: None, OTHER: text})))

    assert found.place.path == OTHER
    assert found.fix is not None
    assert found.fix.title.endswith(f"take network out of {OTHER}, which is read later, by hand")


def test_only_the_loopback_is_configured() -> None:
    files = healthy({PATH: None, "/etc/network/interfaces": LOOPBACK})
    assert findings(check, subject(files)) == ()


def test_what_cloud_init_wrote_is_its_own() -> None:
    files = healthy(
        {
            PATH: None,
            "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n" + LOOPBACK,
            "/etc/network/interfaces.d/50-cloud-init": "auto eth0\niface eth0 inet dhcp\n",
        }
    )
    assert findings(check, subject(files)) == ()


def test_other_programs_merge_the_two() -> None:
    netplan = "network:\n  ethernets:\n    eth0: {dhcp4: true}\n"
    files = healthy(
        {PATH: None, "/etc/network/interfaces": None, "/etc/netplan/01-netcfg.yaml": netplan}
    )
    assert findings(check, subject(files)) == ()


def test_cloud_init_that_does_not_start_writes_nothing() -> None:
    masked = {"/etc/systemd/system/cloud-init.service": Link("/dev/null")}
    assert findings(check, subject(healthy({PATH: None, **masked}))) == ()
    assert not_applicable(check, subject(healthy({PATH: None, "/usr/bin/cloud-init": None})))
