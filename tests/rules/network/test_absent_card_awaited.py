from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.network.absent_card_awaited import check
from tests.rules.healthy import healthy
from tests.rules.making import findings, subject

PATH = "/etc/network/interfaces"
FIRST = "auto eth0\niface eth0 inet dhcp\n"
SECOND = "iface eth1 inet dhcp\n"


def look(text: str) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({PATH: text})))


def test_the_first_card_passes() -> None:
    assert look(FIRST) == ()


def test_a_card_that_may_come_passes() -> None:
    assert look(f"{FIRST}allow-hotplug eth1\n{SECOND}") == ()
    assert look(f"{FIRST}{SECOND}") == ()


def test_a_card_that_is_awaited() -> None:
    (found,) = look(f"{FIRST}auto eth1\n{SECOND}")

    assert (found.severity, str(found.place)) == (Severity.NOTE, f"{PATH}:3")
    assert found.expected == "allow-hotplug eth1"
