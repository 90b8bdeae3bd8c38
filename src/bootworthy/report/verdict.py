"""The one sentence that everybody reads."""

from __future__ import annotations

from enum import StrEnum

from bootworthy.model.finding import Outcome, Severity
from bootworthy.model.quantities import plural
from bootworthy.model.report import Report

_LEVELS = frozenset(level.word for level in Severity)


class Mood(StrEnum):
    """How a verdict is to be taken."""

    GOOD = "good"
    CAREFUL = "careful"
    BAD = "bad"


def verdict(report: Report) -> tuple[Mood, str]:
    """How the image stands, in one sentence."""
    if report.unreadable or report.count(Outcome.ERROR):
        return Mood.BAD, "Part of this image could not be judged"
    if errors := report.count_severity(Severity.ERROR):
        return Mood.BAD, f"Not ready for Azure: {plural(errors, 'error')}"
    if warnings := report.count_severity(Severity.WARNING):
        return Mood.CAREFUL, f"Ready for Azure, with {plural(warnings, 'warning')}"
    return Mood.GOOD, "Ready for Azure"


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
    )
    return tuple((_counted(name, number), number) for name, number in numbers if number)


def _counted(name: str, number: int) -> str:
    return plural(number, name).partition(" ")[2] if name in _LEVELS else name
