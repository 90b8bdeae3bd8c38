from __future__ import annotations

import pytest

from bootworthy.guest.facts.nftables.ruleset import Ruleset
from bootworthy.model.errors import GuestError
from tests.guest.facts.nftables.scripts import PATH, read


def rules(found: Ruleset) -> dict[str, list[str]]:
    return {
        "/".join(key): [" ".join(token.text for token in rule) for rule in chain.rules]
        for key, chain in found.chains.items()
    }


WHOLE = """\
#!/usr/sbin/nft -f
flush ruleset
define ports = { 22,
    80 }   # two of them
table inet filter {
    set admins { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 } }
    set seen {
        type ipv4_addr
        flags dynamic, timeout
    }
    counter hits { }
    chain input {
        comment "who may come in"
        type filter hook input priority filter - 5; policy drop;
        tcp dport $ports accept; ip saddr @admins \\
            accept
        log prefix "{ ; # " drop
    }
    chain one { accept }
}
"""


def test_a_whole_script() -> None:
    found = read(WHOLE)

    assert found.problems == []
    assert rules(found) == {
        "inet/filter/input": [
            "tcp dport { 22 , 80 } accept",
            "ip saddr @admins accept",
            "log prefix { ; #  drop",
        ],
        "inet/filter/one": ["accept"],
    }
    chain = found.chains["inet", "filter", "input"]
    assert (chain.kind, chain.hook, chain.policy) == ("filter", "input", "drop")
    assert (chain.place.path, chain.place.line) == (PATH, 14)
    assert chain.rules[1][0].place.line == 15
    admins = found.sets["inet", "filter", "admins"]
    assert admins is not None
    assert [one[0].text for one in admins] == ["10.0.0.0/8", "192.0.2.1"]
    assert found.sets["inet", "filter", "seen"] is None


def test_commands() -> None:
    found = read(
        "add table inet filter\n"
        "add chain inet filter input { type filter hook input priority 0; policy drop; }\n"
        "add rule inet filter input tcp dport { 22, 80 } accept\n"
        "insert rule inet filter input ct state established accept\n"
        "add chain filter own\n"
        "add rule filter own drop\n"
    )

    assert found.problems == []
    assert rules(found) == {
        "inet/filter/input": ["ct state established accept", "tcp dport { 22 , 80 } accept"],
        "ip/filter/own": ["drop"],
    }


TABLE = "table inet a {\nset s { type inet_service; elements = { 22 } }\nchain c { accept }\n}\n"


@pytest.mark.parametrize(
    ("command", "left", "sets"),
    [
        ("flush ruleset", {}, 0),
        ("delete table inet a", {}, 0),
        ("destroy table inet a", {}, 0),
        ("flush table inet a", {"inet/a/c": []}, 1),
        ("delete table a", {"inet/a/c": ["accept"]}, 1),
    ],
)
def test_what_is_thrown_away(command: str, left: dict[str, list[str]], sets: int) -> None:
    found = read(f"{TABLE}{command}\n")
    assert (rules(found), len(found.sets)) == (left, sets)


def test_tables_of_one_name_are_one() -> None:
    assert rules(read(TABLE + "table inet a { chain c { drop; }; }")) == {
        "inet/a/c": ["accept", "drop"]
    }


def test_includes() -> None:
    others = {"/etc/nftables/a.nft": TABLE, "/etc/nftables/b.nft": 'include "nftables/a.nft"\n'}
    found = read('include "/etc/nftables/*.nft"\ninclude "/none/*.nft"\n', others)

    assert found.problems == []
    assert rules(found) == {"inet/a/c": ["accept", "accept"]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\nadd element inet a s { 22 }\n", 2),
        ("table inet a {\nchain c {\naccept\n", 2),
        ('table inet a {\ninclude "x"\n}\n', 2),
        ("table inet a {\nwhatever x { }\n}\n", 2),
        ('\n\ninclude "gone.nft"\n', 3),
        ("add rule inet a c accept\n", 1),
        (TABLE + "add rule inet a c position 3 accept\n", 5),
        ("\ntable x { chain c { tcp dport $ports accept; } }\n", 2),
        ("}\n", 1),
        ("{ }\n", 1),
    ],
)
def test_what_is_not_understood_is_said(text: str, line: int) -> None:
    found = read(text)
    assert found.problems
    assert found.problems[0].place.line == line
    assert found.problems[0].text


@pytest.mark.parametrize(
    "text",
    [
        'include "nftables.conf"\n',
        "define a = $b\ndefine b = $a $a\n" + "table x { chain c { $b } }\n" * 3,
        "table x { chain c { " + "{ " * 100_000,
        "accept " * 100_000,
    ],
)
def test_hostile_scripts_come_to_an_end(text: str) -> None:
    assert read(text).problems


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(GuestError):
        read("table x\0")
