"""A rehearsal's verdict as people read it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bootworthy.model.quantities import human_seconds, human_size
from bootworthy.model.rehearsal import Diagnosis, Milestone, MilestoneState, Verdict
from bootworthy.report.styled import Line, Span, Style

_MARKS = {
    MilestoneState.REACHED: Span("reached  ", Style.GOOD),
    MilestoneState.MISSED: Span("missed   ", Style.ERROR),
    MilestoneState.NOT_ASKED: Span("not asked", Style.FAINT),
}


def render(verdict: Verdict) -> str:
    """The verdict as one JSON document, with a newline at its end."""
    return json.dumps(verdict.to_dict(), indent=2, ensure_ascii=False) + "\n"


def lines(verdict: Verdict) -> Iterator[Line]:
    """Milestones, reasons, and the verdict as the last line."""
    yield (Span(_machine(verdict), Style.STRONG),)
    for milestone in verdict.milestones:
        yield _milestone(milestone)
    for diagnosis in verdict.diagnoses:
        yield ()
        yield from _diagnosis(diagnosis)
    if verdict.observations:
        yield ()
    for text in verdict.observations:
        yield Span("note", Style.NOTE), Span(f": {text}")
    if verdict.kept:
        yield Span("note", Style.NOTE), Span(f": logs are in {verdict.kept}")
    yield ()
    yield _closing(verdict)


def _machine(verdict: Verdict) -> str:
    machine = verdict.machine
    return (
        f"{verdict.subject}: generation {machine.generation.value}, {machine.architecture}, "
        f"{machine.accelerator}, disk on {machine.controller}, {machine.cpus} CPUs, "
        f"{human_size(machine.memory)}"
    )


def _milestone(milestone: Milestone) -> Line:
    at = f"{milestone.at:7.1f} s" if milestone.at is not None else f"{'':9}"
    evidence = Span(f"  {milestone.evidence}", Style.FAINT)
    return Span(f"{at}  "), _MARKS[milestone.state], Span(f"  {milestone.title}"), evidence


def _diagnosis(diagnosis: Diagnosis) -> Iterator[Line]:
    yield Span(f"{diagnosis.code} {diagnosis.rule}", Style.ERROR), Span(f"  {diagnosis.why}")
    at = f", {diagnosis.at:.1f} s" if diagnosis.at is not None else ""
    yield (Span(f"  saw ({diagnosis.where}{at}): {diagnosis.saw}"),)
    yield (Span(f"  fix: {diagnosis.fix}"),)


def _closing(verdict: Verdict) -> Line:
    took = Span(f", in {human_seconds(verdict.seconds)}", Style.FAINT)
    if verdict.passed:
        return Span("This image would provision on Azure", Style.GOOD), took
    return Span("This image would not work on Azure", Style.ERROR), took
