from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent, Provisioning
from bootworthy.rules.network.first_card_not_awaited import check
from bootworthy.rules.network.primary_not_dhcp import FIX
from tests.rules.healthy import healthy
from tests.rules.making import findings, not_applicable, subject

PATH = "/etc/network/interfaces"
CARD = "iface eth0 inet dhcp\n"


def look(text: str) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({PATH: text})))


@pytest.mark.parametrize("line", ["auto eth0", "allow-auto eth0", "auto lo eth0"])
def test_a_card_of_the_boot_passes(line: str) -> None:
    assert look(f"{line}\n{CARD}") == ()


def test_the_line_may_be_in_another_file() -> None:
    files = {PATH: "auto eth0\nsource interfaces.d/*\n", "/etc/network/interfaces.d/eth0": CARD}

    assert findings(check, subject(healthy(files))) == ()


def test_a_card_that_comes_when_it_likes() -> None:
    (found,) = look(f"auto lo\nallow-hotplug eth0\n{CARD}")

    assert (found.severity, str(found.place)) == (Severity.WARNING, f"{PATH}:3")
    assert (found.found, found.expected) == ("allow-hotplug eth0", "auto eth0")
    assert found.fix == FIX


def test_the_agent_waits_by_itself() -> None:
    files = {PATH: f"allow-hotplug eth0\n{CARD}"}
    agent = Intent(provisioning=Provisioning.AGENT)

    assert not_applicable(check, subject(healthy(files), intent=agent))
    assert not_applicable(check, subject(healthy({**files, "/usr/bin/cloud-init": None})))


def test_a_card_that_nothing_starts_is_another_rules() -> None:
    assert look(CARD) == ()
