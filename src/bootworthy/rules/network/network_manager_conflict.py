"""NetworkManager and the agent conflict on this release."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.release import Family
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# LISA skips its check from Red Hat 7 on: the conflict is of release 6.
_LAST_CONFLICT = 6


@rule(
    code="NET-05",
    name="network-manager-conflict",
    severity=Severity.ERROR,
    why="On release 6 NetworkManager renames and drops the interface the agent works with.",
    when=(with_packages,),
    article=(33,),
    sources=(sources.ARTICLE, sources.LISA),
    deviation="the article warns of every release; the conflict ended with release 6, and removing "
    "NetworkManager from later ones leaves no network",
)
def check(subject: Subject) -> Iterator[Violation]:
    """NetworkManager is absent on release 6 of Red Hat's family."""
    guest = subject.linux
    major = guest.release.major
    old = guest.release.family is Family.REDHAT and major is not None and major <= _LAST_CONFLICT
    if old and guest.packages.has("NetworkManager"):
        yield Violation(
            message="NetworkManager is installed beside the agent",
            place=Place(guest.packages.path),
            found=f"NetworkManager {guest.packages.version('NetworkManager')}",
            expected="not installed on release 6",
            fix=by_hand("rpm -e --nodeps NetworkManager; chkconfig network on"),
        )
