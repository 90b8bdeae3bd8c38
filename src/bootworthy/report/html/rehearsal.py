"""The rehearsal as the page shows it: what was reached and when, why not, and the serial log."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.model.quantities import human_seconds, human_size
from bootworthy.model.rehearsal import (
    Diagnosis,
    Happening,
    Milestone,
    MilestoneState,
    Verdict,
    excerpt,
)

_WIDTH = 1000.0

# A guest can talk to the fabric without end; nobody reads more than this.
_MOST_HAPPENINGS = 500

_STATE_CLASS = {
    MilestoneState.REACHED: "reached",
    MilestoneState.MISSED: "missed",
    MilestoneState.NOT_ASKED: "unasked",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A milestone: ``left`` is where it stands on a line 1000 wide, None without a time."""

    name: str
    kind: str
    state: str
    title: str
    at: str
    left: float | None
    evidence: str


@dataclass(frozen=True, kw_only=True)
class RehearsalView:
    """One boot; ``left_out`` counts the happenings that are not shown."""

    passed: bool
    sentence: str
    machine: str
    steps: tuple[Step, ...]
    diagnoses: tuple[Diagnosis, ...]
    happenings: tuple[tuple[str, str, str], ...]
    left_out: int
    observations: tuple[str, ...]
    kept: str | None
    serial: str
    end: str


def view_of(verdict: Verdict) -> RehearsalView:
    """The rehearsal's part of the page."""
    last = max((item.at for item in verdict.milestones if item.at is not None), default=0.0)
    shown = verdict.timeline[:_MOST_HAPPENINGS]
    return RehearsalView(
        passed=verdict.passed,
        sentence=_sentence(verdict),
        machine=_machine(verdict),
        steps=tuple(_step(item, last) for item in verdict.milestones),
        diagnoses=verdict.diagnoses,
        happenings=tuple(map(_happening, shown)),
        left_out=len(verdict.timeline) - len(shown),
        observations=verdict.observations,
        kept=verdict.kept,
        serial=excerpt(verdict.serial),
        end=_seconds(last),
    )


def _sentence(verdict: Verdict) -> str:
    if verdict.passed:
        return "It booted against the simulated Azure, and would provision"
    return "It was booted against the simulated Azure, and would not work"


def _machine(verdict: Verdict) -> str:
    machine = verdict.machine
    firmware = "UEFI" if machine.generation.value > 1 else "BIOS"
    secure = ", Secure Boot" if machine.secure_boot else ""
    return (
        f"generation {machine.generation.value} ({firmware}{secure}), {machine.architecture}, "
        f"{machine.cpus} CPUs, {human_size(machine.memory)}, disk on {machine.controller}, "
        f"{machine.accelerator}; {human_seconds(verdict.seconds)} in all"
    )


def _step(milestone: Milestone, last: float) -> Step:
    at = milestone.at
    return Step(
        name=milestone.name,
        kind=_STATE_CLASS[milestone.state],
        state=milestone.state.value,
        title=milestone.title,
        at="" if at is None else _seconds(at),
        left=None if at is None else round(_WIDTH * max(at, 0.0) / last if last else 0.0, 2),
        evidence=milestone.evidence,
    )


def _happening(happening: Happening) -> tuple[str, str, str]:
    return _seconds(happening.at), happening.source, happening.what


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"
