"""What one rule does with a packet: whether it means it, and its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from bootworthy.guest.facts.nftables import matches
from bootworthy.guest.facts.nftables.matches import Match, Packet
from bootworthy.guest.facts.nftables.ruleset import Chain, Ruleset, Statement, elements
from bootworthy.guest.facts.nftables.scanner import Token

_ENDS = frozenset(("accept", "drop", "reject"))
_JUMPS = frozenset(("jump", "goto"))
_VERDICTS = _ENDS | _JUMPS | {"return", "continue"}

# The options of statements that let the packet go on; a word follows each.
_COUNTER = frozenset(("name", "packets", "bytes"))
_LOG = frozenset(("prefix", "level", "group", "snaplen", "queue-threshold"))

# They hand the packet to somebody whose verdict is not known.
_ELSEWHERE = frozenset(("dup", "fwd", "queue", "synproxy", "tproxy"))

# Protocols and headers that a TCP packet over IPv4 does not have.
_OTHERS = frozenset(
    ("ah", "arp", "comp", "dccp", "esp", "icmp", "icmpv6", "igmp", "ip6", "sctp", "udp", "udplite")
)


@dataclass(frozen=True)
class Verdict:
    """What becomes of a packet; ``target`` is the chain of a jump."""

    word: str
    target: str = ""


@dataclass(frozen=True)
class Effect:
    """What a rule does: ``verdicts`` are all that it may have, none when it only counts."""

    match: Match
    verdicts: tuple[Verdict, ...] = ()


_EITHER = (Verdict("accept"), Verdict("drop"))


class _UnreadableError(Exception):
    """An expression that is not understood."""


def effect(rule: Statement, chain: Chain, rules: Ruleset, packet: Packet) -> Effect:
    """What ``rule`` of ``chain`` does with the packet."""
    reader = _Rule(rule, chain, rules, packet)
    try:
        reader.read()
    except _UnreadableError:
        reader.found.append(Match.UNKNOWN)
        reader.verdicts = _all_verdicts(rule)
    return Effect(matches.all_of(reader.found), tuple(reader.verdicts))


def _all_verdicts(rule: Statement) -> list[Verdict]:
    """Every verdict that stands anywhere in a rule."""
    words = [token.text for token in rule if not token.quoted] + [""]
    pairs = pairwise(words)
    found = [Verdict(a, b if a in _JUMPS else "") for a, b in pairs if a in _VERDICTS]
    return [*found, *_EITHER] if _ELSEWHERE & set(words) else found


@dataclass
class _Rule:
    """Reads the expressions of a rule from left to right."""

    rule: Statement
    chain: Chain
    rules: Ruleset
    packet: Packet
    found: list[Match] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    _at: int = 0

    def read(self) -> None:
        """Read on until something says that the packet is not meant, or to the end."""
        while self._at < len(self.rule) and matches.all_of(self.found) is not Match.NO:
            token = self._take()
            self._expression("" if token.quoted else token.text)

    def _expression(self, text: str) -> None:
        if text in _VERDICTS:
            self._verdict(text)
        elif text in ("counter", "log", "comment", "limit", "notrack"):
            self._statement(text)
        elif text in ("iif", "iifname", "oif", "oifname", "pkttype"):
            self._meta(text)
        elif text == "meta":
            self._meta(self._word())
        elif text == "ct":
            self._connection(self._word())
        elif text == "ip":
            self._header(self._word())
        elif text in ("tcp", "th"):
            self._transport(self._word())
        elif text in _OTHERS:
            self.found.append(Match.NO)
        else:
            raise _UnreadableError

    def _verdict(self, text: str) -> None:
        self.verdicts = [Verdict(text, self._word() if text in _JUMPS else "")]
        if text == "reject":  # with icmpx type admin-prohibited
            self._at = len(self.rule)

    def _statement(self, text: str) -> None:
        """What lets the packet go on; a limit does so while it is not reached."""
        if text == "counter":
            self._options(_COUNTER)
        elif text == "log":
            self._options(_LOG)
            if self._next("flags"):
                self._list()
        elif text == "comment":
            self._take()
        elif text == "limit":
            self._limit()

    def _options(self, names: Iterable[str]) -> None:
        while self._peek() in names:
            self._at += 2

    def _limit(self) -> None:
        """``limit rate [over] 5/second [burst 5 packets]``; what it stops is sent again."""
        if not self._next("rate"):
            raise _UnreadableError
        self._next("over")
        self._word()
        self._at += self._peek().endswith("bytes/second")
        if self._next("burst"):
            self._word()
            self._at += self._peek() in ("packets", "bytes", "kbytes", "mbytes")
        self.found.append(Match.FREE)

    def _meta(self, name: str) -> None:
        inbound = self.packet.inbound
        tests: dict[str, Callable[[Statement], Match]] = {
            "iif": matches.card(is_there=inbound),
            "iifname": matches.card(is_there=inbound),
            "oif": matches.card(is_there=not inbound),
            "oifname": matches.card(is_there=not inbound),
            "pkttype": matches.word("host"),
            "l4proto": matches.protocol,
            "nfproto": matches.word("ipv4"),
            "protocol": matches.word("ip"),
        }
        if self._peek() == "set":
            self._at += 1
            self._list()
        else:
            self._compare(tests.get(name))

    def _connection(self, name: str) -> None:
        if self._peek() == "set":
            self._at += 1
            self._list()
        else:
            self._compare(matches.word(self.packet.state) if name == "state" else None)

    def _header(self, name: str) -> None:
        tests: dict[str, Callable[[Statement], Match]] = {
            "saddr": matches.address(self.packet.source, own=not self.packet.inbound),
            "daddr": matches.address(self.packet.destination, own=self.packet.inbound),
            "protocol": matches.protocol,
            "version": matches.word("4"),
        }
        self._compare(tests.get(name))

    def _transport(self, name: str) -> None:
        if name == "flags":
            self.found.append(matches.flags(self._flag_words(), self.packet.flags))
            return
        tests = {
            "dport": matches.port(self.packet.port),
            "sport": matches.port(self.packet.source_port),
        }
        self._compare(tests.get(name))

    def _flag_words(self) -> list[str]:
        """What follows ``tcp flags``, up to what begins another expression."""
        found = []
        signs = frozenset("&|()/,") | {"==", "!="}
        is_operand = False
        while (text := self._peek()) and (text in signs or not is_operand):
            is_operand = text not in signs or text == ")"
            found.append(text)
            self._at += 1
        return found

    def _compare(self, test: Callable[[Statement], Match] | None) -> None:
        """``[==|!=] value``, where a value is one, a list, a set, or a map to verdicts."""
        if test is None or self._peek() == ".":
            raise _UnreadableError
        if self._next("vmap"):
            self._map(test)
            return
        negated = self._next("!=")
        if not negated:
            self._next("==")
        if self._peek() in ("<", ">", "<=", ">=", "&", "|", "."):
            raise _UnreadableError
        match = max((test(element) for element in self._values()), default=Match.NO)
        if self._peek() == ".":
            raise _UnreadableError
        self.found.append(_not(match) if negated else match)

    def _map(self, test: Callable[[Statement], Match]) -> None:
        """The verdict of the first key that is the packet's."""
        for element in self._values():
            key, verdict = _split(element)
            match = test(key)
            if match is Match.NO:
                continue
            if match is not Match.YES or not verdict or verdict[0] not in _VERDICTS:
                raise _UnreadableError
            self.verdicts = [Verdict(verdict[0], verdict[1] if len(verdict) > 1 else "")]
            return
        self.found.append(Match.NO)

    def _values(self) -> tuple[Statement, ...]:
        if self._peek() == "{":
            return elements(self._block())
        if self._peek().startswith("@"):
            key = (self.chain.family, self.chain.table, self._word()[1:])
            known = self.rules.sets.get(key)
            if known is None:
                raise _UnreadableError
            return known
        return elements(self._list())

    def _block(self) -> Statement:
        start, depth = self._at, 0
        while self._at < len(self.rule):
            text = self._word()
            depth += (text == "{") - (text == "}")
            if depth == 0:
                break
        return self.rule[start : self._at]

    def _list(self) -> Statement:
        """Words with commas between them."""
        start = self._at
        self._word()
        while self._next(","):
            self._word()
        return self.rule[start : self._at]

    def _peek(self) -> str:
        return self.rule[self._at].text if self._at < len(self.rule) else ""

    def _next(self, text: str) -> bool:
        """Whether this word comes next, which is then passed over."""
        if self._peek() != text:
            return False
        self._at += 1
        return True

    def _take(self) -> Token:
        if self._at >= len(self.rule):
            raise _UnreadableError
        self._at += 1
        return self.rule[self._at - 1]

    def _word(self) -> str:
        return self._take().text


def _not(match: Match) -> Match:
    return {Match.YES: Match.NO, Match.NO: Match.YES}.get(match, match)


def _split(element: Statement) -> tuple[Statement, list[str]]:
    """Key and verdict of an element of a map; the colon may touch either."""
    words = [token.text for token in element]
    for position, (token, text) in enumerate(zip(element, words, strict=True)):
        head, colon, tail = text.partition(":")
        if colon:
            key = (*element[:position], *((Token(head, token.place),) if head else ()))
            return key, [*([tail] if tail else []), *words[position + 1 :]]
    return element, []
