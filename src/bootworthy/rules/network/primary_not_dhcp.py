"""The first network interface does not take its address by DHCP at boot."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from bootworthy.guest.facts.network import Interface, Method, Network
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import ConfigureDhcp
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

FIX = Fix(title="let eth0 take its address by DHCP", steps=(ConfigureDhcp(),))

# These bring up an interface they have no configuration for, by DHCP.
_AUTOMATIC = ("networkmanager", "wicked")


@rule(
    code="NET-01",
    name="primary-nic-not-dhcp",
    severity=Severity.ERROR,
    why="Azure gives addresses by DHCP alone; without one the machine never reports ready.",
    when=(has_guest,),
    sources=(sources.RHEL_PAGE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Something brings eth0 up by DHCP, or the network manager does it unasked."""
    network = subject.linux.network
    if any(_serves_eth0(interface) for interface in network.interfaces):
        return
    if not network.interfaces and set(network.stacks) & set(_AUTOMATIC):
        return
    yield Violation(
        message="no configuration brings eth0 up by DHCP",
        place=_place(network),
        found=_found(network),
        expected="eth0 by DHCP at boot",
        fix=FIX,
    )


def _serves_eth0(interface: Interface) -> bool:
    by_name = fnmatch.fnmatchcase("eth0", interface.name or "*")
    return by_name and interface.method is Method.DHCP and interface.starts and not interface.mac


def _place(network: Network) -> Place:
    if network.interfaces:
        return network.interfaces[0].place
    return Place("/etc/network/interfaces" if "ifupdown" in network.stacks else "/etc")


def _found(network: Network) -> str:
    words = [f"{card.name} {card.method.value}" for card in network.interfaces]
    return ", ".join(words) or "no interface but the loopback"
