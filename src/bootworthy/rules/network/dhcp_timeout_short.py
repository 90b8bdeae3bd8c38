"""The DHCP client gives up before Azure answers a machine that was just made."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.network.dhcp_settings import DHCLIENT, DHCPCD, lines
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# LISA, verify_dhcp_client_timeout.
_SECONDS = 300
_DIGITS = 9


@rule(
    code="NET-10",
    name="dhcp-timeout-short",
    severity=Severity.WARNING,
    why="A card that gets no address in time stays without one until somebody logs in elsewhere.",
    when=(has_guest,),
    sources=(sources.LISA,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where a timeout is set for dhclient or dhcpcd, it is 300 s or more, or 0 for ever."""
    tree = subject.linux.tree
    for path in (*DHCLIENT, DHCPCD):
        for number, words in lines(tree, path):
            if words[0] == "timeout" and _is_short(words[1:]):
                yield Violation(
                    message=f"the DHCP client gives up after {words[1]} s",
                    place=Place(path, number),
                    found=" ".join(words),
                    expected=f"timeout {_SECONDS}",
                    fix=by_hand(f"set timeout {_SECONDS} in {path}"),
                )


def _is_short(words: list[str]) -> bool:
    if not words or not words[0].isdecimal() or not words[0].isascii():
        return False
    return 0 < int(words[0][:_DIGITS]) < _SECONDS
