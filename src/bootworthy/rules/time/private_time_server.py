"""The clock is set from a server of the old network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from bootworthy.guest.facts import chrony
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="TIME-05",
    name="private-time-server",
    severity=Severity.WARNING,
    why="The server is not there on Azure, and the clock is not set at all.",
    when=(has_guest,),
    sources=("https://learn.microsoft.com/azure/virtual-machines/linux/time-sync",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No time server is named by a private address."""
    found = chrony.read(subject.linux.tree)
    for server in found.servers if found else ():
        if _is_private(server.name):
            yield Violation(
                message=f"the time server {server.name} belongs to another network",
                place=Place(server.path, server.line),
                found=server.name,
                expected="the host's clock, or a server that machines on Azure reach",
                fix=by_hand(f"take the line out of {server.path}"),
            )


def _is_private(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return name.endswith((".internal", ".local", ".lan", ".intranet", ".corp"))
