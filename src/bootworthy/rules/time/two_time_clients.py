"""Two programs set the clock."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# One group a program: its unit under the names of different distributions.
_CLIENTS = (
    ("chronyd.service", "chrony.service"),
    ("systemd-timesyncd.service",),
    ("ntpd.service", "ntp.service", "ntpsec.service"),
    ("openntpd.service",),
)


@rule(
    code="TIME-03",
    name="two-time-clients",
    severity=Severity.WARNING,
    why="Each undoes what the other did, and the clock wanders.",
    when=(has_guest,),
    sources=("https://learn.microsoft.com/azure/virtual-machines/linux/time-sync",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """At most one time client starts at boot."""
    started = _started(subject.linux)
    if len(started) > 1:
        yield Violation(
            message=f"{' and '.join(started)} both set the clock",
            place=Place("/etc/systemd/system"),
            found=", ".join(started),
            expected="one of them",
            fix=by_hand(f"disable {' or '.join(started)}"),
        )


def _started(guest: Guest) -> list[str]:
    units = (guest.services.first_present(*names) for names in _CLIENTS)
    return [unit.name for unit in units if unit and unit.starts]
