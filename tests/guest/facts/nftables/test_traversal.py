from __future__ import annotations

import pytest

from bootworthy.guest.facts.nftables.matches import Packet
from bootworthy.guest.facts.nftables.traversal import Fate, follow
from tests.guest.facts.nftables.scripts import FROM_AZURE, SSH, TO_AZURE, fate, read

ESTABLISHED = Packet(source_port=40000, port=22, is_new=False)


@pytest.mark.parametrize(
    "rules",
    [
        "accept",
        "tcp dport 22 accept",
        "tcp dport ssh counter packets 3 bytes 180 accept",
        "tcp dport { http, ssh } accept",
        "tcp dport 20-25 accept",
        "tcp dport != 80 accept",
        "th dport == 22 accept",
        "meta l4proto { tcp, udp } th dport 22 accept",
        "ip protocol 6 tcp dport 22 ct state new accept",
        "ct state != { established, related } tcp dport 22 accept",
        "tcp dport @open accept",
        "ip saddr 10.0.0.0/8 tcp dport 22 accept",
        "ip saddr != 10.0.0.0/8 drop\naccept",
        "ip saddr { 192.0.2.1, 198.51.100.1-198.51.100.9 } tcp dport 22 accept",
        "ip saddr 192.0.2.1 drop\ntcp dport 22 accept",
        "ip saddr 0.0.0.0/0 tcp dport 22 accept",
        'iifname "eth0" tcp dport 22 accept',
        'iifname "eth*" tcp dport 22 accept',
        'iif != "lo" tcp dport 22 accept',
        "ct state vmap { established : accept, related: accept, invalid:drop }\naccept",
        "tcp dport vmap { 22 : accept, 80 : drop }",
        "tcp dport vmap { 22:jump ours }\ndrop",
        "tcp dport vmap @fates",
        "tcp dport 22 jump ours",
        "tcp dport 22 goto ours",
        "jump theirs\ntcp dport 22 accept",
        "tcp dport 22 limit rate 5/minute burst 3 packets accept",
        "tcp dport 22 limit rate over 10/second drop\ntcp dport 22 accept",
        "limit rate over 3 mbytes/second burst 1 mbytes drop\naccept",
        'tcp dport 22 log prefix "ssh: " level info flags all accept comment "in"',
        "tcp flags & (fin|syn|rst|ack) != syn ct state new drop\naccept",
        "tcp flags != syn / fin,syn,rst,ack ct state new drop\naccept",
        "tcp flags & (fin|syn) == (fin|syn) drop\ntcp flags & (fin|syn|ack) == 0x0 drop\naccept",
        "tcp flags syn tcp dport 22 accept",
        "tcp flags syn tcp option maxseg size set 1400\ntcp dport 22 accept",
        "udp dport 22 drop\nicmp type echo-request drop\nip6 saddr fe80::/10 drop\naccept",
        "meta nfproto ipv6 drop\nmeta pkttype broadcast drop\npkttype host accept",
        "meta mark set 0x1\nct mark set 1 counter\nmeta nftrace set 1\naccept",
        "return\ndrop",
    ],
)
def test_ssh_is_let_in(rules: str) -> None:
    more = (
        "set open { type inet_service; flags interval; elements = { 22, 8000-9000 } }\n"
        "map fates { type inet_service : verdict; elements = { 80 : drop, 22 : accept } }\n"
        "chain ours { tcp dport 22 accept }\nchain theirs { tcp dport 80 accept; return; }\n"
    )
    policy = "accept" if rules.startswith("return") else "drop"
    assert fate(rules, more=more, policy=policy).fate is Fate.ACCEPTED


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ("", "policy drop"),
        ("ct state established,related accept", "policy drop"),
        ("iif lo accept", "policy drop"),
        ('iifname "docker0" accept', "policy drop"),
        ("tcp dport { 80, 443 } accept", "policy drop"),
        ("tcp dport https accept", "policy drop"),
        ("udp dport 22 accept", "policy drop"),
        ("tcp sport 22 drop\nct state invalid accept", "policy drop"),
        ("drop\ntcp dport 22 accept", "drop"),
        ("counter reject with icmpx type admin-prohibited\naccept", None),
        ("tcp dport 22 drop\naccept", "tcp dport 22 drop"),
        ("ct state new drop\naccept", "ct state new drop"),
        ("jump theirs\naccept", "tcp dport 22 reject"),
        ("tcp dport vmap { 80 : accept }", "policy drop"),
        ("ip saddr 10.0.0.0/8 tcp dport 80 accept", "policy drop"),
        ("goto own", "policy drop"),
    ],
)
def test_ssh_is_dropped(rules: str, text: str | None) -> None:
    more = "chain theirs { tcp dport 22 reject; }\nchain own { tcp dport 80 accept; }"
    outcome = fate(rules, more=more)

    assert outcome.fate is Fate.DROPPED
    assert outcome.text == (text or rules.splitlines()[0])
    assert outcome.place is not None


@pytest.mark.parametrize(
    "rules",
    [
        "meta skuid 0 accept",
        "fib saddr . iif oif missing drop\naccept",
        "ip saddr . tcp dport { 192.0.2.1 . 22 } accept",
        "ip saddr @filled tcp dport 22 accept",
        "tcp dport @nowhere accept",
        "ip daddr 192.0.2.7 tcp dport 22 accept",
        'iifname "ens192" tcp dport 22 accept',
        "tcp dport 22 queue to 1",
        "tcp dport < 1024 accept",
        "ip saddr admin.example.org tcp dport 22 accept",
        "tcp dport 22 jump nowhere",
        "tcp dport 22 jump round",
        "update @filled { ip saddr limit rate over 1/minute } drop\naccept",
        "tcp flags { syn, ack } accept",
    ],
)
def test_what_is_not_understood_is_no_verdict(rules: str) -> None:
    more = "set filled { type ipv4_addr; flags dynamic; }\nchain round { jump round; }"
    outcome = fate(rules, more=more)

    assert outcome.fate is Fate.UNKNOWN
    assert outcome.place is not None
    assert outcome.text


@pytest.mark.parametrize(
    "rules", ["meta skuid 0 accept\ntcp dport 22 accept", "meta skuid 0 counter\naccept"]
)
def test_what_does_not_matter_need_not_be_understood(rules: str) -> None:
    assert fate(rules).fate is Fate.ACCEPTED


@pytest.mark.parametrize(
    ("rules", "packet", "expected"),
    [
        ("ct state established,related accept", FROM_AZURE, Fate.ACCEPTED),
        ("ct state established,related accept", ESTABLISHED, Fate.ACCEPTED),
        ("ip saddr 168.63.129.16 accept", FROM_AZURE, Fate.ACCEPTED),
        ("ip saddr 168.63.129.16 tcp sport 80 accept", FROM_AZURE, Fate.ACCEPTED),
        ("ip saddr 10.0.0.0/8 accept", FROM_AZURE, Fate.DROPPED),
        ("ip daddr 168.63.129.16 tcp dport { 80, 32526 } accept", TO_AZURE, Fate.ACCEPTED),
        ("oifname eth0 accept", TO_AZURE, Fate.ACCEPTED),
        ("oif lo accept\nct state established accept", TO_AZURE, Fate.DROPPED),
        ("ip daddr 10.0.0.0/8 accept", TO_AZURE, Fate.DROPPED),
        ("ip saddr 10.0.0.4 accept", TO_AZURE, Fate.UNKNOWN),
        ("meta skuid root ip daddr 168.63.129.16 accept", TO_AZURE, Fate.UNKNOWN),
    ],
)
def test_azures_own_services(rules: str, packet: Packet, expected: Fate) -> None:
    assert fate(rules, packet).fate is expected


CHAIN = "table {} t {{ chain c {{ type {} hook {} priority 0; policy drop; }} }}\n"


@pytest.mark.parametrize(
    ("family", "kind", "hook", "expected"),
    [
        ("ip", "filter", "input", Fate.DROPPED),
        ("inet", "filter", "prerouting", Fate.DROPPED),
        ("netdev", "filter", "ingress device eth0", Fate.DROPPED),
        ("inet", "filter", "forward", Fate.ACCEPTED),
        ("inet", "filter", "output", Fate.ACCEPTED),
        ("ip6", "filter", "input", Fate.ACCEPTED),
        ("arp", "filter", "input", Fate.ACCEPTED),
        ("ip", "nat", "prerouting", Fate.ACCEPTED),
    ],
)
def test_every_chain_of_the_way_has_to_accept(
    family: str, kind: str, hook: str, expected: Fate
) -> None:
    open_one = "table inet u { chain c { type filter hook input priority -5; accept; } }\n"
    found = read(open_one + CHAIN.format(family, kind, hook))
    assert follow(found, SSH).fate is expected


def test_a_chain_that_jumps_to_itself_many_times_comes_to_an_end() -> None:
    jumps = "jump a; " * 200
    assert fate("jump a", more=f"chain a {{ {jumps} }}").fate is Fate.UNKNOWN


@pytest.mark.parametrize(("times", "expected"), [(5, Fate.ACCEPTED), (500, Fate.UNKNOWN)])
def test_large_sets_are_not_gone_through_again_and_again(times: int, expected: Fate) -> None:
    ports = ", ".join(str(port) for port in range(1000, 30_000))
    elements = f"set s {{ type inet_service; elements = {{ {ports} }} }}\n"
    chain = f"chain a {{ {'tcp dport @s drop; ' * times} }}"

    assert fate("jump a\naccept", more=elements + chain).fate is expected
