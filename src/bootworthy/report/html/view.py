"""What the page shows, in the order it shows it: the report, grouped by stage of the boot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bootworthy.model.finding import Finding, Outcome, Severity
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.quantities import human_seconds, human_size
from bootworthy.model.report import Report, RuleResult
from bootworthy.report.html import rehearsal
from bootworthy.report.html.disk import DiskPicture, picture_of
from bootworthy.report.stages import Stage, stage_of
from bootworthy.report.verdict import tally, verdict


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """A change, with the lines of its diff and the class of each."""

    head: str
    what: str
    detail: str
    diff: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A finding: ``status`` is ``error``, ``warning``, ``note``, ``fixed`` or ``accepted``."""

    anchor: str
    status: str
    finding: Finding
    changes: tuple[ChangeView, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is unfolded at first."""
        return self.status == Severity.ERROR.word


@dataclass(frozen=True, kw_only=True)
class StageView:
    """One stage of the boot: its findings and how its other rules ended."""

    anchor: str
    title: str
    cards: tuple[Card, ...]
    passed: int
    others: int


@dataclass(frozen=True, kw_only=True)
class View:
    """The whole page."""

    report: Report
    mood: str
    verdict: str
    tally: tuple[tuple[str, int], ...]
    facts: tuple[tuple[str, str], ...]
    disk: DiskPicture | None
    stages: tuple[StageView, ...]
    statuses: tuple[str, ...]
    other_changes: tuple[ChangeView, ...]
    rehearsal: rehearsal.RehearsalView | None


def view_of(report: Report) -> View:
    """The page of a report."""
    mood, sentence = verdict(report)
    stages = tuple(_stages(report))
    present = {card.status for stage in stages for card in stage.cards}
    return View(
        report=report,
        mood=mood.value,
        verdict=sentence,
        tally=tally(report),
        facts=tuple(_facts(report)),
        disk=picture_of(report),
        stages=stages,
        statuses=tuple(status for status in _STATUSES if status in present),
        other_changes=_changes(report, None),
        rehearsal=rehearsal.view_of(report.rehearsal) if report.rehearsal else None,
    )


_STATUSES = ("error", "warning", "note", "fixed", "accepted")


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    if report.guest:
        yield "Guest", f"{report.guest.name} ({report.guest.architecture})"
        yield "Kernels", ", ".join(report.guest.kernels) or "none"
    if report.image:
        container = report.image.container
        size = human_size(container.virtual_size)
        yield "Disk", f"{container.format}, {size} ({human_size(container.file_size)} in the file)"
        yield "Boots as", _generations(report.image.generations)
    if report.output:
        yield "Written", report.output
    yield "Looked at", f"by bootworthy {report.version}, {human_seconds(report.seconds)}"


def _generations(numbers: Iterable[int]) -> str:
    return " and ".join(f"generation {number}" for number in numbers) or "nothing: no boot loader"


def _stages(report: Report) -> Iterator[StageView]:
    for stage in Stage:
        results = [result for result in report.results if stage_of(result) is stage]
        cards = tuple(_cards(report, results))
        passed = sum(result.outcome is Outcome.PASS for result in results)
        shown = {Outcome.FAIL, Outcome.FIXED, Outcome.ACCEPTED, Outcome.PASS}
        others = sum(result.outcome not in shown for result in results)
        if results:
            anchor = f"stage-{stage.name.lower()}"
            yield StageView(
                anchor=anchor, title=stage.value, cards=cards, passed=passed, others=others
            )


def _cards(report: Report, results: Iterable[RuleResult]) -> Iterator[Card]:
    listed = sorted(_with_status(results), key=lambda pair: _STATUSES.index(pair[0]))
    for number, (status, finding) in enumerate(listed):
        yield Card(
            anchor=f"{finding.code.lower()}-{number}",
            status=status,
            finding=finding,
            changes=_changes(report, finding.code),
        )


def _with_status(results: Iterable[RuleResult]) -> Iterator[tuple[str, Finding]]:
    for result in results:
        for finding in result.findings:
            fixed = result.outcome is Outcome.FIXED
            yield ("fixed" if fixed else finding.severity.word), finding
        for finding in result.accepted:
            yield "accepted", finding


_HEADS = {
    ChangeKind.DISK: "Disk",
    ChangeKind.CREATED: "Created",
    ChangeKind.EDITED: "Edited",
    ChangeKind.REMOVED: "Removed",
    ChangeKind.PROGRAM: "Ran",
    ChangeKind.SKIPPED: "Not done",
}


def _changes(report: Report, code: str | None) -> tuple[ChangeView, ...]:
    """The changes that a rule asked for, or those of no finding on the page."""
    told = {finding.code for result in report.results for finding in result.findings}
    return tuple(
        _change(change)
        for change in report.changes
        if (code in change.rules if code else not told & set(change.rules))
    )


def _change(change: Change) -> ChangeView:
    return ChangeView(
        head=_HEADS[change.kind],
        what=change.what,
        detail=change.detail,
        diff=tuple((_line_class(line), line) for line in change.diff.splitlines()),
    )


def _line_class(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "meta"
    return {"+": "added", "-": "gone"}.get(line[:1], "same")
