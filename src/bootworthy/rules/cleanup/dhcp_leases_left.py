"""DHCP leases of the old network are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# waagent -deprovision empties the first three (azurelinuxagent/pa/deprovision/default.py).
_PATTERNS = (
    "/var/lib/dhcp/*.lease*",
    "/var/lib/dhclient/*",
    "/var/lib/dhcpcd/*",
    "/var/lib/NetworkManager/*.lease",
    "/var/lib/NetworkManager/internal-*",
    "/var/lib/wicked/*",
    "/var/lib/systemd/network/*",
)


@rule(
    code="CLEAN-11",
    name="dhcp-lease-left",
    severity=Severity.WARNING,
    why="A client that has a lease asks for the old address first, and identifies itself by it.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.AGENT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No DHCP client remembers a lease."""
    message = "leases of the old network are in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
