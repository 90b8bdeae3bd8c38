"""Interface names are tied to the network cards of one machine."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from bootworthy.guest.facts.network import PinnedName
from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.network.cards import PRIMARY
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
    """No udev rule, .link file or iftab names a card by its MAC address or slot.

    An error where eth0 itself is given to the old card; another name is merely never seen again.
    """
    files: dict[str, list[PinnedName]] = {}
    for pinned in subject.linux.network.pinned_names:
        files.setdefault(pinned.place.path, []).append(pinned)
    for path, pins in files.items():
        shown = next((pin for pin in pins if PRIMARY in pin.text), pins[0])
        yield Violation(
            message="interface names are tied to one machine's hardware",
            place=shown.place,
            found=shown.text,
            expected="no such file",
            fix=Fix(title=f"remove {path}", steps=(RemovePaths(patterns=(escape(path),)),)),
            severity=None if PRIMARY in shown.text else Severity.WARNING,
        )
