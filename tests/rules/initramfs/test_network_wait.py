from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.initramfs.network_wait import check
from tests.rules.command_line.menus import booting
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject


@pytest.mark.parametrize(
    "argument", ["", "ip=dhcp", "ip=eth0:dhcp", "ip=any", "rd.neednet=1", "rd.luks.uuid=1"]
)
def test_others_pass(argument: str) -> None:
    assert findings(check, subject(healthy(booting(argument)))) == ()


@pytest.mark.parametrize(
    "argument",
    [
        "netroot=iscsi:10.0.0.5::::iqn.2001-04.com.example:root",
        "rd.iscsi.initiator=iqn.1994-05.com.example:1",
        "ip=10.0.0.7::10.0.0.1:255.255.255.0:host:eth0:none:1500:00:50:56:9c:3e:71",
        "ip=10.0.0.7",
    ],
)
def test_it_is_taken_out(argument: str) -> None:
    found = finding(check, subject(healthy(booting(argument))))

    assert found.severity is Severity.NOTE
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(remove=(argument,)),)
