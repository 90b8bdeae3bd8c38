"""What becomes of a packet on its way through the chains."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bootworthy.guest.facts.nftables.expressions import Verdict, effect
from bootworthy.guest.facts.nftables.matches import Match, Packet
from bootworthy.guest.facts.nftables.ruleset import Chain, Ruleset, Statement
from bootworthy.guest.facts.nftables.scanner import Token
from bootworthy.model.finding import Place

# include/net/netfilter/nf_tables.h, NFT_JUMP_STACK_SIZE; and more words and elements of sets than
# one packet is compared with, lists of a country's networks included.
_MAX_DEPTH = 16
_MAX_COMPARED = 300_000

_INBOUND = ("ingress", "prerouting", "input")
_OUTBOUND = ("output", "postrouting")
_OF_IPV4 = ("ip", "inet", "netdev")


class Fate(Enum):
    """What becomes of a packet."""

    ACCEPTED = "accepted"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """The fate of a packet, and what decided it: what dropped it, or was not understood."""

    fate: Fate
    by: Statement = ()
    place: Place | None = None

    @property
    def text(self) -> str:
        """The rule that decided, or the policy of a chain."""
        return " ".join(token.text for token in self.by)


@dataclass
class _Ends:
    """How a chain may end for a packet: each way with True when it is certain to be open.

    ``dropped_by`` is what dropped it first.
    """

    ways: dict[str, bool] = field(default_factory=dict)
    dropped_by: Statement = ()

    def add(self, way: str, *, sure: bool) -> None:
        self.ways[way] = self.ways.get(way, False) or sure


def follow(rules: Ruleset, packet: Packet) -> Outcome:
    """The fate of a packet, which every chain of its way has to accept.

    A packet that may come from anywhere is accepted when one from somewhere is.
    """
    hooks = _INBOUND if packet.inbound else _OUTBOUND
    chains = [
        chain
        for chain in rules.chains.values()
        if chain.hook in hooks and chain.kind == "filter" and chain.family in _OF_IPV4
    ]
    outcomes = [_Walk(rules, packet).base(chain) for chain in chains]
    for fate in (Fate.DROPPED, Fate.UNKNOWN):
        if found := next((one for one in outcomes if one.fate is fate), None):
            return found
    return Outcome(Fate.ACCEPTED)


@dataclass
class _Walk:
    """One packet in the chains of one hook."""

    rules: Ruleset
    packet: Packet
    unknown: Statement = ()
    compared: int = 0

    def base(self, chain: Chain) -> Outcome:
        """The fate of the packet in a chain that has a hook."""
        ends = self._chain(chain, sure=True, depth=0)
        if "continue" in ends.ways:
            ends.add(chain.policy, sure=ends.ways.pop("continue"))
            ends.dropped_by = ends.dropped_by or (
                Token("policy", chain.place),
                Token(chain.policy, chain.place),
            )
        if ends.ways.get("accept") or "drop" not in ends.ways:
            return Outcome(Fate.ACCEPTED)
        if "accept" not in ends.ways:
            return _outcome(Fate.DROPPED, ends.dropped_by)
        return _outcome(Fate.UNKNOWN, self.unknown)

    def _chain(self, chain: Chain, *, sure: bool, depth: int) -> _Ends:
        """How the chain may end; ``sure`` says whether the packet certainly comes here."""
        ends = _Ends()
        for rule in filter(None, chain.rules):
            self.compared += self._length(rule, chain)
            if depth > _MAX_DEPTH or self.compared > _MAX_COMPARED:
                self._give_up(rule, ends)
                return ends
            found = effect(rule, chain, self.rules, self.packet)
            if found.match is Match.NO or not found.verdicts:
                continue
            if found.match is Match.UNKNOWN:
                self.unknown, sure = self.unknown or rule, False
            step = _Step(
                rule=rule,
                chain=chain,
                ends=ends,
                sure=sure,
                free=found.match is Match.FREE,
                depth=depth,
            )
            backs = [self._carry_out(verdict, step) for verdict in found.verdicts]
            if found.match is Match.YES:
                if backs[0] is None:
                    return ends
                sure = backs[0]
        ends.add("continue", sure=sure)
        return ends

    def _length(self, rule: Statement, chain: Chain) -> int:
        """How much there is to a rule, the sets that it names included."""
        named = (token.text[1:] for token in rule if token.text.startswith("@"))
        sets = (self.rules.sets.get((chain.family, chain.table, name)) for name in named)
        return len(rule) + sum(len(elements) for elements in sets if elements)

    def _carry_out(self, verdict: Verdict, step: _Step) -> bool | None:
        """Whether the packet certainly goes on behind the rule; None when it does not."""
        match verdict.word:
            case "accept":
                step.ends.add("accept", sure=step.sure)
            case "drop" | "reject":
                step.drop(step.rule)
            case "return":
                step.ends.add("continue", sure=step.sure)
            case "continue":
                return step.sure
            case _:
                return self._jump(verdict, step)
        return None

    def _jump(self, verdict: Verdict, step: _Step) -> bool | None:
        target = self.rules.chains.get((step.chain.family, step.chain.table, verdict.target))
        if target is None:
            self._give_up(step.rule, step.ends)
            return None
        inner = self._chain(target, sure=step.sure, depth=step.depth + 1)
        if "accept" in inner.ways:
            step.ends.add("accept", sure=inner.ways["accept"])
        if "drop" in inner.ways:
            step.drop(inner.dropped_by, sure=inner.ways["drop"])
        back = inner.ways.get("continue")
        if verdict.word == "goto" and back is not None:
            step.ends.add("continue", sure=back)
            return None
        return back

    def _give_up(self, rule: Statement, ends: _Ends) -> None:
        self.unknown = self.unknown or rule
        ends.add("accept", sure=False)
        ends.add("drop", sure=False)


def _outcome(fate: Fate, by: Statement) -> Outcome:
    return Outcome(fate, by, by[0].place if by else None)


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A rule that is being carried out; ``free`` says that other packets pass it by."""

    rule: Statement
    chain: Chain
    ends: _Ends
    sure: bool
    free: bool
    depth: int

    def drop(self, rule: Statement, *, sure: bool = True) -> None:
        """Note that the packet is dropped, unless another one from elsewhere would not be."""
        if not self.free:
            self.ends.add("drop", sure=self.sure and sure)
            self.ends.dropped_by = self.ends.dropped_by or rule
