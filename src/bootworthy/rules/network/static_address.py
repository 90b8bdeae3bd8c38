"""An interface has a fixed address, or is tied to one machine's network card."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.network import Method
from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.network.cards import lasting
from bootworthy.rules.network.primary_not_dhcp import FIX
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="NET-02",
    name="static-network",
    severity=Severity.ERROR,
    why="The address and the card of the old machine do not exist on Azure.",
    when=(has_guest,),
    sources=(sources.LISA, sources.RHEL_PAGE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No interface is static or matched by a MAC address."""
    for interface in lasting(subject):
        static = interface.method is Method.STATIC
        if not static and not interface.mac:
            continue
        facts = [f"{interface.stack} {interface.name}: {interface.method.value}"]
        facts += [f"MAC {interface.mac}"] if interface.mac else []
        yield Violation(
            message=f"{interface.name} is " + ("static" if static else "tied to one network card"),
            place=interface.place,
            found=", ".join(facts),
            expected="DHCP, and no MAC address",
            fix=FIX,
        )
