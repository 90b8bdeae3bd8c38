"""The boot waits for network cards that a machine may not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.editors.interfaces import InterfacesFile
from bootworthy.guest.facts.network import Interface, Method
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FURTHER = re.compile(r"eth[1-9][0-9]*", re.ASCII)


@rule(
    code="NET-24",
    name="absent-card-awaited",
    severity=Severity.NOTE,
    why="Most machines have one card; the boot takes minutes longer for each that is awaited.",
    when=(has_guest,),
    sources=("https://manpages.debian.org/interfaces",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """ifupdown brings eth1 and later ones up when they appear, not at boot."""
    guest = subject.linux
    for interface in guest.network.interfaces:
        if _is_further(interface) and (line := _auto(guest.tree, interface)):
            yield Violation(
                message=f"the boot waits for {interface.name}",
                place=Place(interface.place.path, line),
                found=f"auto {interface.name}",
                expected=f"allow-hotplug {interface.name}",
                fix=by_hand("write allow-hotplug instead of auto"),
            )


def _is_further(interface: Interface) -> bool:
    is_dynamic = interface.stack == "ifupdown" and interface.method is Method.DHCP
    return is_dynamic and _FURTHER.fullmatch(interface.name) is not None


def _auto(tree: Tree, interface: Interface) -> int:
    """The line (1-based) of the stanza that starts the interface at boot, 0 when there is none."""
    path = interface.place.path
    stanzas = InterfacesFile(tree.text_or(path), path).stanzas
    found = (s.head for s in stanzas if s.head.keyword == "auto" and interface.name in s.head.words)
    return next((head.line for head in found), 0)
