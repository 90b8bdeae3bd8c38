from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import ConfigureDhcp
from bootworthy.rules.network import cloud_init_network
from bootworthy.rules.network.primary_not_dhcp import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, finding, findings, subject

INTERFACES = "/etc/network/interfaces"
LOOPBACK = "auto lo\niface lo inet loopback\n"
SOURCE = "source /etc/network/interfaces.d/*\n"

IFUP: dict[str, Entry | None] = {"/usr/sbin/ifup": ""}

# cloud-init is not told to leave the network alone.
FREE: dict[str, Entry | None] = {cloud_init_network.PATH: None, **IFUP}
NO_CLOUD_INIT: dict[str, Entry | None] = {"/usr/bin/cloud-init": None, "/etc/cloud": None}


def test_the_healthy_guest_passes() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize(
    "stanza",
    [
        "allow-hotplug eth0\niface eth0 inet dhcp\n",
        "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 auto\n",
    ],
)
def test_ifupdown_brings_it_up(stanza: str) -> None:
    assert findings(check, subject(healthy({INTERFACES: LOOPBACK + stanza}))) == ()


@pytest.mark.parametrize(
    ("stanza", "words"),
    [
        ("", "no interface but the loopback"),
        ("allow-hotplug ens33\niface ens33 inet dhcp\n", "ens33 dhcp"),
        ("iface eth0 inet dhcp\n", "eth0 dhcp not started at boot"),
        ("auto eth0\niface eth0 inet manual\n", "eth0 manual"),
        ("auto eth0\niface eth0 inet static\n\taddress 10.0.0.5/24\n", "eth0 static"),
        (
            "auto eth0\niface eth0 inet dhcp\n\thwaddress ether 00:50:56:9c:3e:71\n",
            "eth0 dhcp with the MAC address 00:50:56:9c:3e:71",
        ),
    ],
)
def test_nothing_brings_it_up(stanza: str, words: str) -> None:
    found = finding(check, subject(healthy({**IFUP, INTERFACES: LOOPBACK + stanza})))

    assert found.severity is Severity.ERROR
    assert found.message == "no configuration brings eth0 up by DHCP"
    assert found.place.path == INTERFACES
    assert found.found == words
    assert found.fix is not None
    assert found.fix.steps == (ConfigureDhcp(interface="eth0"),)


def test_cloud_init_writes_what_is_missing() -> None:
    assert findings(check, subject(healthy({**FREE, INTERFACES: SOURCE + LOOPBACK}))) == ()


def test_ifupdown_does_not_read_what_cloud_init_writes() -> None:
    found = finding(check, subject(healthy({**FREE, INTERFACES: LOOPBACK})))
    assert found.severity is Severity.ERROR


def test_an_image_of_ubuntu_for_clouds_has_no_configuration() -> None:
    files = healthy({**FREE, INTERFACES: None, **unit("systemd-networkd.service")})
    assert findings(check, subject(files)) == ()


def test_cloud_init_for_another_cloud_does_not_count() -> None:
    other = {"/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg": "datasource_list: [ Ec2 ]\n"}
    files = healthy({**FREE, INTERFACES: SOURCE + LOOPBACK, **other})
    assert finding(check, subject(files)).severity is Severity.ERROR


def test_other_cards_beside_cloud_init() -> None:
    netplan = "network:\n  version: 2\n  ethernets:\n    ens33: {dhcp4: true}\n"
    files = healthy({**FREE, INTERFACES: None, "/etc/netplan/00-installer-config.yaml": netplan})

    found = finding(check, subject(files))

    assert found.severity is Severity.WARNING
    assert found.message.startswith("only cloud-init would bring eth0 up")
    assert found.place.path == "/etc/netplan/00-installer-config.yaml"


CLOUD_NETPLAN = (
    "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n"
    "      match: {macaddress: '00:0d:3a:01:02:03'}\n      set-name: eth0\n"
)


@pytest.mark.parametrize("state", list(OsState))
def test_what_cloud_init_wrote_it_writes_anew(state: OsState) -> None:
    files = healthy({**FREE, INTERFACES: None, "/etc/netplan/50-cloud-init.yaml": CLOUD_NETPLAN})
    assert findings(check, subject(files, intent=Intent(os_state=state))) == ()


def test_what_cloud_init_wrote_is_no_configuration_once_it_is_gone() -> None:
    files = healthy(
        {**NO_CLOUD_INIT, INTERFACES: None, "/etc/netplan/50-cloud-init.yaml": CLOUD_NETPLAN}
    )

    assert finding(check, subject(files)).found == "no interface but the loopback"
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert finding(check, subject(files, intent=specialized)).found == (
        "eth0 dhcp with the MAC address 00:0d:3a:01:02:03"
    )


PROFILE = "/etc/NetworkManager/system-connections/wired.nmconnection"
MANAGED: dict[str, Entry | None] = {
    **NO_CLOUD_INIT,
    INTERFACES: None,
    **unit("NetworkManager.service"),
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {PROFILE: "[connection]\ntype=ethernet\ninterface-name=ens192\n[ipv4]\nmethod=manual\n"},
        {PROFILE: "[connection]\ntype=ethernet\n[ipv4]\nmethod=auto\n"},
        {"/etc/NetworkManager/NetworkManager.conf": "[main]\nplugins=ifupdown,keyfile\n"},
        {"/etc/NetworkManager/conf.d/x.conf": "no section\nno-auto-default=*\n"},
    ],
)
def test_network_manager_connects_a_card_it_does_not_know(changes: dict[str, Entry]) -> None:
    assert findings(check, subject(healthy({**MANAGED, **changes}))) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"/usr/lib/NetworkManager/conf.d/00-server.conf": "[main]\nno-auto-default=*\n"},
        {"/etc/NetworkManager/NetworkManager.conf": "[main]\nno-auto-default = ens3 , eth0;\n"},
        {PROFILE: "[connection]\ninterface-name=eth0\n[ipv4]\nmethod=disabled\n"},
        {PROFILE: "[connection]\ninterface-name=eth0\nautoconnect=false\n[ipv4]\nmethod=auto\n"},
    ],
)
def test_network_manager_is_told_not_to(changes: dict[str, Entry]) -> None:
    assert finding(check, subject(healthy({**MANAGED, **changes}))).severity is Severity.ERROR


def test_a_server_setting_that_is_masked() -> None:
    name = "conf.d/00-server.conf"
    files = healthy(
        {
            **MANAGED,
            f"/usr/lib/NetworkManager/{name}": "[main]\nno-auto-default=*\n",
            f"/etc/NetworkManager/{name}": Link("/dev/null"),
        }
    )
    assert findings(check, subject(files)) == ()


def test_a_guest_without_any_network_program() -> None:
    found = finding(check, subject(healthy({**NO_CLOUD_INIT, INTERFACES: None})))

    assert found.place.path == "/etc"
    assert found.found == "no interface but the loopback"
