"""Whether a packet is one that an expression of a rule means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from bootworthy.guest.facts.nftables.ruleset import Statement

# What netvsc's first card is called; there is no other that packets of Azure come by.
CARD = "eth0"

# /etc/services, of the ports that are asked about; every other name is another port.
_SERVICES = {"ssh": 22, "http": 80, "www": 80, "www-http": 80}
_PROTOCOLS = {"tcp": "tcp", "6": "tcp"}

# Cards that have a name of their own: not a guess of this module, but a rule of the guest's.
_OTHER_CARD = re.compile(r"lo|(?:docker|br|veth|virbr|tun|tap|wg|tailscale|cni|podman|bond|vlan).*")
_WORDS = re.compile(r"[a-z-]+")


class Match(IntEnum):
    """Whether an expression means a packet, the least certain that it does first.

    UNKNOWN: it is not understood. FREE: it does for some packets of the kind asked about.
    """

    NO = 0
    UNKNOWN = 1
    FREE = 2
    YES = 3


def all_of(matches: Iterable[Match]) -> Match:
    """The match of expressions that stand side by side in a rule."""
    return min(matches, default=Match.YES)


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A TCP packet over IPv4; None is any address or port, of the machine itself the one it gets.

    ``is_new`` says that it opens a connection, else it belongs to one that was let through.
    """

    source: str | None = None
    destination: str | None = None
    source_port: int | None = None
    port: int | None = None
    is_new: bool = True
    inbound: bool = True

    @property
    def state(self) -> str:
        """Its state of connection tracking."""
        return "new" if self.is_new else "established"

    @property
    def flags(self) -> frozenset[str]:
        """Its TCP flags: the first packet of a connection, or an answer."""
        return frozenset(("syn",)) if self.is_new else frozenset(("ack",))


def address(actual: str | None, *, own: bool) -> Callable[[Statement], Match]:
    """Tells whether an element of a set is ``actual``: a network, a range or one address.

    ``own`` says that it is the machine's, which Azure chooses: any other is a free choice.
    """
    unsure = Match.UNKNOWN if own else Match.FREE

    def test(element: Statement) -> Match:
        span = _span(_joined(element))
        if span is None:
            return Match.UNKNOWN
        first, last = span
        if actual is None:
            return Match.YES if (first, last) == _EVERYTHING else unsure
        return Match.YES if first <= int(ipaddress.IPv4Address(actual)) <= last else Match.NO

    return test


_EVERYTHING = (0, 2**32 - 1)


def _span(text: str) -> tuple[int, int] | None:
    """The first and the last address of a network or a range, None for anything else."""
    try:
        if "-" in text:
            first, _, last = text.partition("-")
            return int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last))
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return None
    return int(network.network_address), int(network.broadcast_address)


def port(actual: int | None) -> Callable[[Statement], Match]:
    """Tells whether an element is the port ``actual``: a number, a range or a service."""

    def test(element: Statement) -> Match:
        numbers = [_number(part) for part in _joined(element).split("-", 1)]
        if None in numbers:
            text = _joined(element)
            if text in _SERVICES or not _WORDS.fullmatch(text):
                return _equal(actual, _SERVICES.get(text))
            return Match.FREE if actual is None else Match.NO
        first, last = numbers[0], numbers[-1]
        if actual is None:
            return Match.YES if (first, last) == (0, 65535) else Match.FREE
        return Match.YES if (first or 0) <= actual <= (last or 0) else Match.NO

    return test


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None  # noqa: PLR2004


def _equal(actual: int | None, wanted: int | None) -> Match:
    if wanted is None:
        return Match.UNKNOWN
    if actual is None:
        return Match.FREE
    return Match.YES if actual == wanted else Match.NO


def card(*, is_there: bool) -> Callable[[Statement], Match]:
    """Tells whether an element names the card that a packet goes by, if it goes by one."""

    def test(element: Statement) -> Match:
        name = _joined(element)
        if not is_there:
            return Match.NO
        if name == CARD or (name.endswith("*") and CARD.startswith(name[:-1])):
            return Match.YES
        return Match.NO if _OTHER_CARD.fullmatch(name) else Match.UNKNOWN

    return test


def word(actual: str) -> Callable[[Statement], Match]:
    """Tells whether an element is a certain word."""
    return lambda element: Match.YES if _joined(element) == actual else Match.NO


def protocol(element: Statement) -> Match:
    """Whether an element is TCP."""
    return Match.YES if _joined(element) in _PROTOCOLS else Match.NO


def flags(words: list[str], actual: frozenset[str]) -> Match:
    """``tcp flags``: ``& (a|b) == c``, ``c / a,b``, or flags of which one has to be set."""
    text = "".join(words)
    if found := re.fullmatch(r"&\(?([a-z|]+)\)?(==|!=)\(?([a-z|]+|0x0|0)\)?", text):
        mask, sign, wanted = set(found[1].split("|")), found[2], set(found[3].split("|"))
    elif found := re.fullmatch(r"(!=|==)?([a-z,|]+)/([a-z,|]+)", text):
        sign, wanted, mask = found[1] or "==", _flags(found[2]), _flags(found[3])
    elif re.fullmatch(r"[a-z]+(,[a-z]+)*", text):
        return Match.YES if actual & set(text.split(",")) else Match.NO
    else:
        return Match.UNKNOWN
    holds = actual & mask == (wanted - {"0x0", "0"})
    return Match.YES if holds == (sign == "==") else Match.NO


def _flags(text: str) -> set[str]:
    return set(re.split(r"[,|]", text))


def _joined(element: Statement) -> str:
    # Ranges and networks may be written with blanks.
    return "".join(token.text for token in element)
