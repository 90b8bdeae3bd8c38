"""How far a boot came: what was seen, what follows from it, and what was not asked."""

from __future__ import annotations

from bootworthy.model.rehearsal import Milestone, MilestoneState
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.milestones import serial_console, way_to_login
from bootworthy.rehearsal.outcome import Outcome

REACHED, MISSED = MilestoneState.REACHED, MilestoneState.MISSED
NOT_ASKED = MilestoneState.NOT_ASKED
LEASE = FabricEvent(20.0, "dhcp", "dhcp-ack", "nic 0: 10.0.0.4")


def _console(*said: str) -> Console:
    console = Console()
    for number, line in enumerate(said):
        console.feed(f"{line}\n".encode(), float(number))
    return console


def _states(
    console: Console, events: tuple[FabricEvent, ...] = (), outcome: Outcome | None = None
) -> dict[str, Milestone]:
    return {item.name: item for item in way_to_login(console, events, outcome or Outcome())}


def test_nothing_at_all_misses_the_first() -> None:
    found = _states(_console())

    assert found["boot-loader"].state is MISSED
    assert {item.state for item in found.values()} == {MISSED, NOT_ASKED}


def test_the_firmwares_own_shell_is_no_boot_loader() -> None:
    found = _states(_console('BdsDxe: starting Boot0002 "EFI Internal Shell" from Fv(7CB8)'))

    assert found["boot-loader"].state is MISSED


def test_times_and_evidence_come_from_the_console() -> None:
    found = _states(_console("GRUB loading.", "[ 0.0] Linux version 6.1.0", "more"))

    assert (found["kernel"].state, found["kernel"].at) == (REACHED, 1.0)
    assert found["kernel"].evidence == "[ 0.0] Linux version 6.1.0"
    assert found["initramfs"].state is MISSED
    assert found["login"].state is NOT_ASKED


def test_what_came_later_shows_what_was_not_seen() -> None:
    found = _states(_console(), (LEASE,))

    assert (found["kernel"].state, found["kernel"].at) == (REACHED, None)
    assert (found["dhcp"].state, found["dhcp"].at) == (REACHED, 20.0)
    assert found["data-source"].state is MISSED


def test_a_system_that_lives_and_says_nothing_misses_its_console() -> None:
    spoke = serial_console(_console("[ 0.0] Linux version 6.1.0"), (), Outcome())
    mute = serial_console(_console("GRUB loading."), (LEASE,), Outcome())
    dead = serial_console(_console("GRUB loading."), (), Outcome())

    assert [spoke.state, mute.state, dead.state] == [REACHED, MISSED, NOT_ASKED]
