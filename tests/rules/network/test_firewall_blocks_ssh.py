from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.network.firewall_blocks_ssh import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, subject

ZONE = "/usr/lib/firewalld/zones/{}.xml"
CONFIG = "/etc/firewalld/firewalld.conf"
FIREWALLD = unit("firewalld.service")
UFW: dict[str, Entry | None] = {"/etc/ufw/ufw.conf": "ENABLED=yes\n"}


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


@pytest.mark.parametrize(
    "zone",
    ['<zone><service name="ssh"/></zone>', '<zone target="ACCEPT"/>', '<port port="22"/>'],
)
def test_a_zone_that_lets_it_in_passes(zone: str) -> None:
    assert look({ZONE.format("public"): zone, **FIREWALLD}) == ()


def test_a_zone_that_does_not() -> None:
    changes: dict[str, Entry | None] = {
        ZONE.format("drop"): '<zone target="DROP"/>',
        CONFIG: "DefaultZone=drop\n",
    }
    assert look(changes) == ()

    (found,) = look({**changes, **FIREWALLD})

    assert (found.severity, found.place.path) == (Severity.WARNING, ZONE.format("drop"))


def test_a_zone_of_the_owner_counts() -> None:
    own = "/etc/firewalld/zones/public.xml"
    vendors = {ZONE.format("public"): '<zone><service name="ssh"/></zone>'}
    (found,) = look({**FIREWALLD, **vendors, own: "<zone/>"})
    assert found.place.path == own


@pytest.mark.parametrize(
    "rules", ["allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", "limit any 22 0.0.0.0/0 any 0.0.0.0/0 in"]
)
def test_ufw_with_a_rule_passes(rules: str) -> None:
    assert look({**UFW, "/etc/ufw/user.rules": f"*filter\n### tuple ### {rules}\n"}) == ()


def test_ufw_that_lets_all_in_passes() -> None:
    assert look({**UFW, "/etc/default/ufw": 'DEFAULT_INPUT_POLICY="ACCEPT"\n'}) == ()


def test_ufw_without_a_rule() -> None:
    text = "### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in\n"
    (found,) = look({**UFW, "/etc/ufw/user.rules": text})
    assert found.found == "ufw has no rule that allows port 22"


def test_hosts_deny() -> None:
    (found,) = look({"/etc/hosts.deny": "# x\nALL: ALL\n"})
    assert found.place.path == "/etc/hosts.deny"

    assert look({"/etc/hosts.deny": "ALL: ALL\n", "/etc/hosts.allow": "sshd: ALL\n"}) == ()
    assert look({"/etc/hosts.deny": "# ALL: ALL\n"}) == ()
