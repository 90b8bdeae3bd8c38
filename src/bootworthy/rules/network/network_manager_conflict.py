"""NetworkManager and the agent conflict on this release."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.release import Family
from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# LISA skips its check from Red Hat 7 on: the conflict is of release 6.
_LAST_CONFLICT = 6

# What configures no network once NetworkManager is gone.
_OF_NETWORK_MANAGER = {"networkmanager", "netplan"}


@rule(
    code="NET-05",
    name="network-manager-conflict",
    severity=Severity.ERROR,
    why="Where they conflict, one loses: the network of release 6, or NetworkManager elsewhere.",
    when=(with_packages,),
    article=(33,),
    sources=(sources.ARTICLE, sources.LISA),
    deviation="the article warns of every release; on Red Hat's family the conflict ended with "
    "release 6, on Debian the agent's package still removes NetworkManager, so that "
    "something else has to configure the network first",
)
def check(subject: Subject) -> Iterator[Violation]:
    """NetworkManager is absent on release 6, and nothing depends on it where it will be removed."""
    guest = subject.linux
    if _is_release_6(guest) and guest.packages.has("NetworkManager"):
        yield Violation(
            message="NetworkManager is installed beside the agent",
            place=Place(guest.packages.path),
            found=f"NetworkManager {guest.packages.version('NetworkManager')}",
            expected="not installed on release 6",
            fix=by_hand("rpm -e --nodeps NetworkManager; chkconfig network on"),
        )
    for name in () if guest.agent.installed else guest.family.conflicts_of(Need.AGENT):
        if guest.packages.has(name) and set(guest.network.stacks) <= _OF_NETWORK_MANAGER:
            yield _removed(guest, name)


def _is_release_6(guest: Guest) -> bool:
    major = guest.release.major
    in_family = guest.release.family is Family.REDHAT
    return in_family and major is not None and major <= _LAST_CONFLICT


def _removed(guest: Guest, name: str) -> Violation:
    agent = ", ".join(guest.family.packages_for(Need.AGENT))
    return Violation(
        message=f"installing {agent} removes {name}, which configures the network",
        place=Place(guest.packages.path),
        found=f"{name} {guest.packages.version(name)}, and nothing else that could do it",
        expected="ifupdown, or another program that brings eth0 up",
        fix=software.install(guest, Need.NETWORK),
        severity=Severity.WARNING,
    )
