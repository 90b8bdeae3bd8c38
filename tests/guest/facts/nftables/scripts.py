"""Scripts for nft, and what becomes of a packet under them."""

from __future__ import annotations

from collections.abc import Mapping

from bootworthy.guest.facts.nftables import ruleset
from bootworthy.guest.facts.nftables.matches import Packet
from bootworthy.guest.facts.nftables.ruleset import Ruleset
from bootworthy.guest.facts.nftables.traversal import Outcome, follow
from tests.guest.memory import MemoryTree

PATH = "/etc/nftables.conf"
SSH = Packet(port=22)
FROM_AZURE = Packet(source="168.63.129.16", source_port=80, port=40_000, is_new=False)
TO_AZURE = Packet(destination="168.63.129.16", source_port=40_000, port=80, inbound=False)


def read(text: str, others: Mapping[str, str] | None = None) -> Ruleset:
    """The ruleset of a script."""
    return ruleset.read(MemoryTree({PATH: text, **(others or {})}), PATH)


def fate(rules: str, packet: Packet = SSH, *, more: str = "", policy: str = "drop") -> Outcome:
    """What becomes of a packet in a chain of these rules; ``more`` stands in the same table."""
    hook = "input" if packet.inbound else "output"
    text = f"type filter hook {hook} priority 0; policy {policy};\n{rules}\n"
    found = read(f"table inet filter {{\n{more}\nchain c {{\n{text}}}\n}}\n")
    assert found.problems == []
    return follow(found, packet)
