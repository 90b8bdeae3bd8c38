from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import ConfigureDhcp
from bootworthy.rules.network import cloud_init_network
from bootworthy.rules.network.static_address import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, finding, findings, subject

INTERFACES = "/etc/network/interfaces"


def test_dhcp_passes() -> None:
    assert findings(check, subject(healthy())) == ()


def test_a_fixed_address() -> None:
    text = "auto eth0\niface eth0 inet static\n\taddress 10.0.0.5/24\n"

    found = finding(check, subject(healthy({INTERFACES: text})))

    assert found.severity is Severity.ERROR
    assert found.message == "eth0 is static"
    assert str(found.place) == f"{INTERFACES}:2"
    assert found.found == "ifupdown eth0: static"
    assert found.fix is not None
    assert found.fix.steps == (ConfigureDhcp(),)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {INTERFACES: "auto eth0\niface eth0 inet dhcp\n\thwaddress 00:50:56:9c:3e:71\n"},
            "ifupdown eth0: dhcp, MAC 00:50:56:9c:3e:71",
        ),
        (
            {
                "/etc/systemd/network/10-lan.network": "[Match]\nMACAddress=00:50:56:9c:3e:71\n"
                "[Network]\nDHCP=yes\n",
                **unit("systemd-networkd.service"),
            },
            "networkd *: dhcp, MAC 00:50:56:9c:3e:71",
        ),
    ],
)
def test_one_machines_card(files: dict[str, Entry], words: str) -> None:
    found = finding(check, subject(healthy(files)))

    assert found.message.endswith("is tied to one network card")
    assert found.found == words


def test_each_interface_is_named() -> None:
    text = (
        "auto eth0\niface eth0 inet static\n\taddress 10.0.0.5/24\n"
        "auto eth1\niface eth1 inet static\n\taddress 10.0.1.5/24\n"
    )
    found = findings(check, subject(healthy({INTERFACES: text})))
    assert [one.place.line for one in found] == [2, 5]


def test_what_cloud_init_wrote_is_not_the_guests() -> None:
    text = (
        "network:\n  ethernets:\n    eth0: {dhcp4: true, match: {macaddress: 00:0d:3a:01:02:03}}\n"
    )
    free = healthy({cloud_init_network.PATH: None, "/etc/netplan/50-cloud-init.yaml": text})
    assert findings(check, subject(free)) == ()

    own = healthy({cloud_init_network.PATH: None, "/etc/netplan/01-netcfg.yaml": text})
    assert finding(check, subject(own)).severity is Severity.ERROR
