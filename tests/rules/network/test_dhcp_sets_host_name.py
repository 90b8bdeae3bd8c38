from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKeys
from bootworthy.rules.network.dhcp_sets_host_name import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

PATH = "/etc/sysconfig/network/dhcp"
NAME = "DHCLIENT_SET_HOSTNAME"


@pytest.mark.parametrize("text", ["", f'{NAME}="no"\n', f'# {NAME}="yes"\n', "'"])
def test_others_pass(text: str) -> None:
    assert findings(check, subject(healthy({PATH: text}))) == ()


def test_the_server_decides() -> None:
    found = finding(check, subject(healthy({PATH: f'{NAME}="yes"\n'})))

    assert (found.severity, found.found) == (Severity.WARNING, f"{NAME}=yes")
    assert found.fix is not None
    assert found.fix.steps == (SetKeys(path=PATH, settings=((NAME, "no"),)),)
