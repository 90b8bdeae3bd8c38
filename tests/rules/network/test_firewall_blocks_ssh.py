from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.network.firewall_blocks_ssh import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, not_checked, subject

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


NFT = "/etc/nftables.conf"
NFTABLES = unit("nftables.service", "sysinit.target")
CHAIN = "table inet t {{\nchain c {{\ntype filter hook {} priority 0; policy drop;\n{}\n}}\n}}\n"
INPUT = CHAIN.format("input", "iif lo accept\nct state established,related accept\n{}")
LETS_IN = INPUT.replace("{}", "tcp dport 22 accept")


def test_nftables_that_lets_it_in_passes() -> None:
    assert look({**NFTABLES, NFT: "#!/usr/sbin/nft -f\nflush ruleset\n" + LETS_IN}) == ()


def test_nftables_that_drops_it() -> None:
    changes: dict[str, Entry | None] = {NFT: INPUT.replace("{}", "tcp dport 80 accept")}
    assert look(changes) == ()

    (found,) = look({**changes, **NFTABLES})

    assert found.severity is Severity.ERROR
    assert found.message == "SSH is not let in: nftables drops it"
    assert (found.place.path, found.place.line, found.found) == (NFT, 3, "policy drop")


def test_nftables_that_keeps_azure_out() -> None:
    script = LETS_IN + CHAIN.format("output", "oif lo accept\nct state established accept")
    found = look({**NFTABLES, NFT: script})

    assert [one.message for one in found] == [
        "168.63.129.16 is not reached: nftables drops it",
        "169.254.169.254 is not reached: nftables drops it",
    ]
    assert {one.place.line for one in found} == {11}


def test_nftables_that_lets_the_first_packet_in_alone() -> None:
    script = CHAIN.format("input", "ct state new tcp dport 22 accept")
    assert look({**NFTABLES, NFT: script})[0].message == "SSH is not let in: nftables drops it"


def test_nftables_that_lets_no_answer_in() -> None:
    script = CHAIN.format("input", "tcp dport 22 accept")
    messages = [one.message for one in look({**NFTABLES, NFT: script})]
    assert "168.63.129.16 is not reached: nftables drops it" in messages


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (INPUT.replace("{}", "meta skuid 7 accept"), f"{NFT}:6: 'meta skuid 7 accept'"),
        ("\nadd element inet t s { 22 }\n", f"{NFT}:2: nftables' ruleset has 'add element"),
    ],
)
def test_nftables_that_is_not_understood(script: str, said: str) -> None:
    reason = not_checked(check, subject(healthy({**NFTABLES, NFT: script})))
    assert reason.startswith(said)


def test_what_another_firewall_drops_is_found_all_the_same() -> None:
    script = INPUT.replace("{}", "meta skuid 7 accept")
    (found,) = look({**NFTABLES, NFT: script, "/etc/hosts.deny": "ALL: ALL\n"})
    assert found.place.path == "/etc/hosts.deny"


def test_the_file_that_the_unit_loads_is_read() -> None:
    path = "/usr/lib/systemd/system/nftables.service"
    text = "[Service]\nExecStart=/sbin/nft -f {}\n[Install]\nWantedBy=sysinit.target\n"
    changes: dict[str, Entry | None] = {
        **NFTABLES,
        path: text.format("/etc/sysconfig/nftables.conf"),
        NFT: LETS_IN,
        "/etc/sysconfig/nftables.conf": 'include "/etc/nftables/main.nft"\n',
        "/etc/nftables/main.nft": INPUT.replace("{}", ""),
    }
    (found,) = look(changes)
    assert found.place.path == "/etc/nftables/main.nft"
