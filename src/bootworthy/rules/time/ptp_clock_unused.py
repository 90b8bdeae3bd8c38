"""chrony does not ask the host for the time."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import chrony
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_TIME_SYNC = "https://learn.microsoft.com/azure/virtual-machines/linux/time-sync"


@rule(
    code="TIME-01",
    name="host-clock-unused",
    severity=Severity.NOTE,
    why="The host's clock is within milliseconds and needs no network; others need both.",
    when=(has_guest,),
    sources=(_TIME_SYNC,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """chrony, where it is configured, has the PTP clock of Hyper-V as a reference."""
    found = chrony.read(subject.linux.tree)
    if found is None or found.has_hyperv_clock:
        return
    yield Violation(
        message="chrony has no reference clock of Hyper-V",
        place=Place(found.path),
        found="no refclock PHC /dev/ptp_hyperv",
        expected="refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2",
        # chronyd ends where the device is missing, as it is on every other hypervisor.
        fix=by_hand(f"add the expected line to {found.path}"),
    )
