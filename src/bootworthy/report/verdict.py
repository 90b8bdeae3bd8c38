"""The one sentence that everybody reads."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from bootworthy.model.finding import Outcome, Severity
from bootworthy.model.quantities import plural
from bootworthy.model.rehearsal import MilestoneState, Verdict
from bootworthy.model.report import Report

_LEVELS = frozenset(level.word for level in Severity)


class Mood(StrEnum):
    """How a verdict is to be taken."""

    GOOD = "good"
    CAREFUL = "careful"
    BAD = "bad"


def verdict(report: Report) -> tuple[Mood, str]:
    """How the image stands, in one sentence."""
    if report.command == "rehearse" and report.rehearsal:
        return _of_rehearsal(report.rehearsal)
    if report.unreadable or report.count(Outcome.ERROR):
        return Mood.BAD, "Part of this image could not be judged"
    if errors := report.count_severity(Severity.ERROR):
        return Mood.BAD, f"Not ready for Azure: {plural(errors, 'error')}"
    if report.rehearsal and not report.rehearsal.passed:
        return Mood.BAD, "Not ready for Azure: its rehearsal failed"
    ready = "Rehearsed and ready for Azure" if report.rehearsal else "Ready for Azure"
    if warnings := report.count_severity(Severity.WARNING):
        return Mood.CAREFUL, f"{ready}, with {plural(warnings, 'warning')}"
    return Mood.GOOD, ready


def _of_rehearsal(rehearsal: Verdict) -> tuple[Mood, str]:
    if rehearsal.passed:
        return Mood.GOOD, "This image would provision on Azure"
    return Mood.BAD, "This image would not work on Azure"


def tally(report: Report) -> tuple[tuple[str, int], ...]:
    """The numbers beside the verdict, those that are not zero."""
    numbers = (
        *((level.word, report.count_severity(level)) for level in sorted(Severity, reverse=True)),
        ("fixed", report.count(Outcome.FIXED)),
        ("accepted", len(report.accepted)),
        ("passed", report.count(Outcome.PASS)),
        ("not applicable", report.count(Outcome.NOT_APPLICABLE)),
        ("not checked", report.count(Outcome.NOT_CHECKED)),
        ("crashed", report.count(Outcome.ERROR)),
        *_milestones(report),
    )
    return tuple((_counted(name, number), number) for name, number in numbers if number)


def _milestones(report: Report) -> Iterator[tuple[str, int]]:
    for state in MilestoneState:
        listed = report.rehearsal.milestones if report.rehearsal else ()
        number = sum(item.state is state for item in listed)
        yield f"milestone{'' if number == 1 else 's'} {state.value}", number


def _counted(name: str, number: int) -> str:
    return plural(number, name).partition(" ")[2] if name in _LEVELS else name
