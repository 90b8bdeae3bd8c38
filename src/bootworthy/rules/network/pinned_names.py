"""Interface names are tied to the network cards of one machine."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="NET-03",
    name="pinned-interface-names",
    severity=Severity.ERROR,
    why="The new card has another MAC address, becomes eth1 and gets no configuration.",
    when=(has_guest,),
    sources=(sources.RHEL_PAGE, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No udev rule, .link file or iftab names a card by its MAC address or slot."""
    seen = set()
    for pinned in subject.linux.network.pinned_names:
        path = pinned.place.path
        if path in seen:
            continue
        seen.add(path)
        yield Violation(
            message="interface names are tied to one machine's hardware",
            place=pinned.place,
            found=pinned.text,
            expected="no such file",
            fix=Fix(title=f"remove {path}", steps=(RemovePaths(patterns=(path,)),)),
        )
