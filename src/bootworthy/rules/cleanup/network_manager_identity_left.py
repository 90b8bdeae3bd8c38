"""NetworkManager's secret key and memory of the old machine are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/lib/NetworkManager/secret_key",
    "/var/lib/NetworkManager/timestamps",
    "/var/lib/NetworkManager/seen-bssids",
)


@rule(
    code="CLEAN-12",
    name="network-manager-identity-left",
    severity=Severity.WARNING,
    why="Machines with the same key derive the same stable addresses and DHCP identifiers.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://libguestfs.org/virt-sysprep.1.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """NetworkManager makes its own key on each machine."""
    message = "NetworkManager's identity is in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
