"""Milestones and diagnoses of what a rehearsal saw, whether it runs now or was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bootworthy.model.rehearsal import Diagnosis, Milestone, MilestoneState
from bootworthy.rehearsal.answers import Judge, troubles_of
from bootworthy.rehearsal.candidate import Candidate
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.diagnose import Ask, diagnose
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.milestones import serial_console, way_to_login
from bootworthy.rehearsal.outcome import Outcome, Trouble
from bootworthy.rehearsal.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that a verdict rests on; ``own_data`` says that the rehearsal's custom data was given."""

    console: Console
    events: Sequence[FabricEvent]
    outcome: Outcome
    own_data: bool = True


def judge(
    candidate: Candidate, scenario: Scenario, seen: Seen, ask: Ask
) -> tuple[tuple[Milestone, ...], tuple[Diagnosis, ...]]:
    """How far the machine came, and which rules explain what it did not reach."""
    serial = serial_console(seen.console, seen.events, seen.outcome)
    asked = tuple(
        Judge(candidate, scenario, seen.outcome, seen.events, own_data=seen.own_data).milestones()
    )
    milestones = (*way_to_login(seen.console, seen.events, seen.outcome), serial, *asked)
    troubles = [*seen.outcome.troubles, *troubles_of(iter(asked))]
    if serial.state is MilestoneState.MISSED:
        troubles.append(Trouble(codes=("CMD-02", "CMD-03"), saw=serial.evidence, where="serial"))
    return milestones, tuple(_one_of_each(diagnose(trouble, ask) for trouble in troubles))


def _one_of_each(diagnoses: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """Several milestones may fail for one reason; it is told once, with all that was seen."""
    found: dict[str, Diagnosis] = {}
    for item in diagnoses:
        first = found.setdefault(item.code, item)
        if first is not item:
            found[item.code] = replace(first, saw=f"{first.saw}; {item.saw}")
    yield from found.values()
