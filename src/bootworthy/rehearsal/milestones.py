"""How far a boot came, as milestones: each with its time and what showed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bootworthy.model.rehearsal import Milestone, MilestoneState
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.evidence import one_line
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.outcome import Outcome

_NOT_SO_FAR = "the boot did not come this far"
_LATER = "what came later shows it"
_LINE = 120

# SeaBIOS src/boot.c, EDK2 BmBoot.c, GRUB kern/main.c; Linux init/main.c; systemd src/core/main.c
# and OpenRC's init.
_ON_CONSOLE = (
    (
        "boot-loader",
        "firmware found a boot loader",
        (
            r"GRUB loading|Welcome to GRUB|BdsDxe: starting Boot\w+ (?!.EFI Internal)|"
            r"Booting `|SYSLINUX|EFI stub:"
        ),
    ),
    ("kernel", "kernel started", r"Linux version \d"),
    (
        "initramfs",
        "initramfs left, root mounted",
        (
            r"systemd\[1\]: (?:systemd \d|Hostname set|Detected)|^Welcome to (?!GRUB)|"
            r"OpenRC [\d.]+|INIT: version"
        ),
    ),
)

_IN_FABRIC = (
    ("dhcp", "network configured by DHCP", "dhcp-ack"),
    ("data-source", "Azure's services asked for the goal state", "goalstate"),
    ("ready", "reported ready", "health-ready"),
)


@dataclass(frozen=True)
class _Sight:
    name: str
    title: str
    at: float | None = None
    evidence: str = ""


def way_to_login(
    console: Console, events: Sequence[FabricEvent], outcome: Outcome
) -> Iterator[Milestone]:
    """What comes one after the other, from the firmware to the login.

    The first that was not seen is missed, what would follow was not asked; what has to have
    happened before something that was seen is reached.
    """
    sights = [*_console_sights(console), *_fabric_sights(events)]
    sights.append(_Sight("login", "SSH key accepted", outcome.login, outcome.login_evidence))
    seen = [number for number, sight in enumerate(sights) if sight.at is not None]
    last = max(seen, default=-1)
    for number, sight in enumerate(sights):
        yield _milestone(sight, number - last)


def serial_console(console: Console, events: Sequence[FabricEvent], outcome: Outcome) -> Milestone:
    """Whether the machine speaks on the port that Azure records."""
    spoke = re.search(r"Linux version \d|systemd\[1\]|\blogin: ", console.text)
    title = "the system speaks on the serial console"
    if spoke:
        evidence, state = console.line_at(spoke.start()), MilestoneState.REACHED
        at = console.time_of(spoke.start())
        return Milestone(
            name="serial", title=title, state=state, at=at, evidence=one_line(evidence, _LINE)
        )
    lives = outcome.login is not None or any(event.kind == "dhcp-ack" for event in events)
    state = MilestoneState.MISSED if lives else MilestoneState.NOT_ASKED
    evidence = "the system runs and wrote nothing there" if lives else _NOT_SO_FAR
    return Milestone(name="serial", title=title, state=state, evidence=evidence)


def _milestone(sight: _Sight, beyond: int) -> Milestone:
    """``beyond`` counts from the last thing seen."""
    state, evidence = MilestoneState.REACHED, sight.evidence
    if sight.at is None:
        if beyond < 0:
            evidence = _LATER
        elif beyond == 1:
            state, evidence = MilestoneState.MISSED, "nothing showed it"
        else:
            state, evidence = MilestoneState.NOT_ASKED, _NOT_SO_FAR
    return Milestone(
        name=sight.name, title=sight.title, state=state, at=sight.at, evidence=evidence
    )


def _console_sights(console: Console) -> Iterator[_Sight]:
    for name, title, pattern in _ON_CONSOLE:
        found = re.search(pattern, console.text, re.MULTILINE)
        if found is None:
            yield _Sight(name, title)
        else:
            place = found.start()
            line = one_line(console.line_at(place), _LINE)
            yield _Sight(name, title, console.time_of(place), line)


def _fabric_sights(events: Sequence[FabricEvent]) -> Iterator[_Sight]:
    for name, title, kind in _IN_FABRIC:
        found = next((event for event in events if event.kind == kind), None)
        if found is None:
            yield _Sight(name, title)
        else:
            yield _Sight(name, title, found.at, one_line(f"{found.kind} {found.detail}", _LINE))
