"""The first network interface does not take its address by DHCP at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.network import Interface
from bootworthy.guest.facts.network_stacks import network_manager_conf
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import ConfigureDhcp
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.network.cards import brings_up_primary, is_primary, lasting
from bootworthy.rules.provisioning import cloud_init_configures_network
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

FIX = Fix(title="let eth0 take its address by DHCP", steps=(ConfigureDhcp(),))


@rule(
    code="NET-01",
    name="primary-nic-not-dhcp",
    severity=Severity.ERROR,
    why="Azure gives addresses by DHCP alone; without one the machine never reports ready.",
    when=(has_guest,),
    sources=(sources.RHEL_PAGE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Something brings eth0 up by DHCP: a configuration, NetworkManager unasked, or cloud-init."""
    guest = subject.linux
    cards = lasting(subject)
    if any(map(brings_up_primary, cards)) or _network_manager_does(guest, cards):
        return
    by_cloud_init = cloud_init_configures_network(guest)
    if by_cloud_init and not cards:
        return
    yield Violation(
        message="only cloud-init would bring eth0 up, beside interfaces that Azure does not have"
        if by_cloud_init
        else "no configuration brings eth0 up by DHCP",
        place=_place(guest, cards),
        found=_found(cards),
        expected="eth0 by DHCP at boot",
        fix=FIX,
        severity=Severity.WARNING if by_cloud_init else None,
    )


def _network_manager_does(guest: Guest, cards: tuple[Interface, ...]) -> bool:
    """Whether NetworkManager makes a connection by DHCP for a card it has no profile for."""
    if "networkmanager" not in guest.network.stacks or any(map(is_primary, cards)):
        return False
    return network_manager_conf.connects_unknown_cards(guest.tree)


def _place(guest: Guest, cards: tuple[Interface, ...]) -> Place:
    if cards:
        return cards[0].place
    return Place("/etc/network/interfaces" if "ifupdown" in guest.network.stacks else "/etc")


def _found(cards: tuple[Interface, ...]) -> str:
    return ", ".join(map(_words, cards)) or "no interface but the loopback"


def _words(card: Interface) -> str:
    facts = [card.name, card.method.value]
    facts += [f"with the MAC address {card.mac}"] if card.mac else []
    facts += [] if card.starts else ["not started at boot"]
    return " ".join(facts)
