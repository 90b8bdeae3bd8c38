from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cleanup.dhcp_leases_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import finding, subject

LEFT = (
    "/var/lib/dhcp/dhclient.leases",
    "/var/lib/dhcp/dhclient.eth0.leases",
    "/var/lib/dhclient/dhclient--eth0.lease",
    "/var/lib/dhcpcd/duid",
    "/var/lib/NetworkManager/dhclient-5a1f-eth0.lease",
    "/var/lib/NetworkManager/internal-5a1f-eth0.lease",
    "/var/lib/wicked/lease-eth0-dhcp-ipv4.xml",
    "/var/lib/systemd/network/x",
)

OTHERS = ("/var/lib/NetworkManager/NetworkManager.state", "/etc/dhcp/dhclient.conf")


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path, Severity.WARNING)


def test_all_in_one() -> None:
    found = finding(check, subject(healthy(dict.fromkeys(LEFT, "x"))))
    assert found.found.count("/") >= len(LEFT[:5])


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
