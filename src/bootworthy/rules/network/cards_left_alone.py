"""NetworkManager leaves network cards alone that it has no profile for."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.network_stacks import network_manager_conf
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# What Red Hat's package NetworkManager-config-server brings; a file of its name in /etc hides it.
_VENDOR = "/usr/lib/NetworkManager/conf.d/00-server.conf"
_HIDING = WriteFile(
    path="/etc/NetworkManager/conf.d/00-server.conf",
    text="# Azure gives machines new cards: each is to be configured by DHCP.\n",
)


@rule(
    code="NET-06",
    name="network-cards-left-alone",
    severity=Severity.WARNING,
    why="Each machine has cards of its own, and a second one would never get an address.",
    when=(has_guest,),
    sources=(
        "https://networkmanager.dev/docs/api/latest/NetworkManager.conf.html",
        sources.RHEL_PAGE,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where NetworkManager is in use it connects cards that are new to it."""
    guest = subject.linux
    if "networkmanager" not in guest.network.stacks:
        return
    if network_manager_conf.connects_unknown_cards(guest.tree):
        return
    is_vendors = guest.tree.is_file(_VENDOR) and not guest.tree.exists(_HIDING.path)
    fix = Fix(title="hide the vendor's file", steps=(_HIDING,)) if is_vendors else None
    yield Violation(
        message="NetworkManager is told to leave new network cards alone",
        place=Place(_VENDOR if is_vendors else "/etc/NetworkManager/NetworkManager.conf"),
        found="no-auto-default",
        expected="no such setting",
        fix=fix or by_hand("take no-auto-default out of NetworkManager's configuration"),
    )
