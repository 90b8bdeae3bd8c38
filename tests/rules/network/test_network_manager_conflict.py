from __future__ import annotations

from collections.abc import Mapping

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.network.network_manager_conflict import check
from tests.rules.healthy import dpkg_status, healthy, unit
from tests.rules.making import Entry, finding, findings, not_applicable, subject

STATUS = "/var/lib/dpkg/status"
NO_AGENT: dict[str, Entry | None] = {"/usr/sbin/waagent": None, "/etc/waagent.conf": None}


def redhat(version: str) -> dict[str, Entry]:
    # The file of facts is dpkg's: what counts is which packages are installed.
    release = f'ID="rhel"\nVERSION_ID="{version}"\n'
    return healthy({"/etc/os-release": release, STATUS: dpkg_status("NetworkManager")})


def desktop(
    changes: Mapping[str, Entry | None] | None = None,
    *,
    release: str = 'ID=debian\nVERSION_ID="12"\n',
) -> dict[str, Entry]:
    return healthy(
        {
            **NO_AGENT,
            "/etc/os-release": release,
            STATUS: dpkg_status("bash", "network-manager"),
            "/etc/network/interfaces": None,
            **unit("NetworkManager.service"),
            **(changes or {}),
        }
    )


def test_red_hat_6() -> None:
    found = finding(check, subject(redhat("6.10")))

    assert found.severity is Severity.ERROR
    assert found.found == "NetworkManager 1.0-1"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize("version", ["7.9", "8.10", "9.4", "10.0"])
def test_the_conflict_ended(version: str) -> None:
    assert findings(check, subject(redhat(version))) == ()


def test_debians_agent_removes_it() -> None:
    found = finding(check, subject(desktop()))

    assert found.severity is Severity.WARNING
    assert (
        found.message == "installing waagent removes network-manager, which configures the network"
    )
    assert found.found.startswith("network-manager 1.0-1, ")
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("ifupdown", "isc-dhcp-client")),)


def test_debian_13_has_another_dhcp_client() -> None:
    found = finding(check, subject(desktop(release='ID=debian\nVERSION_ID="13"\n')))
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("ifupdown", "dhcpcd-base")),)


def test_something_else_can_configure_the_network() -> None:
    ifupdown: dict[str, Entry | None] = {
        "/usr/sbin/ifup": "",
        "/etc/network/interfaces": "auto lo\niface lo inet loopback\n",
    }
    assert findings(check, subject(desktop(ifupdown))) == ()
    assert findings(check, subject(desktop(unit("systemd-networkd.service")))) == ()


def test_the_agent_is_there_already() -> None:
    files = desktop({"/usr/sbin/waagent": "#!/usr/bin/python3\n"})
    assert findings(check, subject(files)) == ()


def test_ubuntus_agent_leaves_it() -> None:
    files = desktop(release='ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n')
    assert findings(check, subject(files)) == ()


def test_without_a_package_database() -> None:
    assert not_applicable(check, subject(healthy({STATUS: None})))
