from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.network.dhcp_timeout_short import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

DHCLIENT, DHCPCD = "/etc/dhcp/dhclient.conf", "/etc/dhcpcd.conf"


@pytest.mark.parametrize("path", [DHCLIENT, DHCPCD])
@pytest.mark.parametrize("line", ["timeout 300;", "#timeout 60;", "timeout 0", "timeout", "x"])
def test_others_pass(path: str, line: str) -> None:
    assert findings(check, subject(healthy({path: f"{line}\n"}))) == ()


@pytest.mark.parametrize(("path", "line"), [(DHCLIENT, "timeout 60;"), (DHCPCD, "timeout 30")])
def test_too_short(path: str, line: str) -> None:
    found = finding(check, subject(healthy({path: f"# x\n{line}\n"})))

    assert (found.severity, str(found.place)) == (Severity.WARNING, f"{path}:2")
    assert found.found == line.rstrip(";")
