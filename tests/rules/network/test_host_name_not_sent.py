from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.network.host_name_not_sent import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

DHCLIENT, DHCPCD = "/etc/dhcp/dhclient.conf", "/etc/dhcpcd.conf"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (DHCLIENT, "send host-name = gethostname();\n"),
        (DHCLIENT, "timeout 300;\nsend host-name gethostname();\n"),
        (DHCPCD, "hostname\n"),
    ],
)
def test_it_is_sent(path: str, text: str) -> None:
    assert findings(check, subject(healthy({path: text}))) == ()


def test_a_client_without_a_file_passes() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("path", [DHCLIENT, DHCPCD])
def test_it_is_not(path: str) -> None:
    found = finding(check, subject(healthy({path: "# hostname\nrequest routers;\n"})))
    assert (found.severity, found.place.path) == (Severity.NOTE, path)
