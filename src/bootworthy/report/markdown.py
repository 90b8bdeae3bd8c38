"""A summary in Markdown, for pull requests and job summaries."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.quantities import human_seconds, human_size, plural
from bootworthy.model.rehearsal import MilestoneState
from bootworthy.model.report import Report
from bootworthy.report.format import Format
from bootworthy.report.plain import printable
from bootworthy.report.verdict import Mood, tally, verdict

_SIGN = {Mood.GOOD: "✅", Mood.CAREFUL: "⚠️", Mood.BAD: "❌"}
_LEVEL_SIGN = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}  # noqa: RUF001 - a sign
_STATE_SIGN = {
    MilestoneState.REACHED: "✅",
    MilestoneState.MISSED: "❌",
    MilestoneState.NOT_ASKED: "▫️",
}

# What means something to Markdown (CommonMark 0.31, section 2.4) or to GitHub: mentions, issues.
_MEANT = re.compile(r"([\\`*_{}\[\]#!|~@]|:(?=//))")


def render(report: Report) -> str:
    """The summary as one document."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    mood, sentence = verdict(report)
    yield f"## {_SIGN[mood]} {_text(report.subject)}: {sentence}"
    yield ""
    yield ", ".join(f"{number} {name}" for name, number in tally(report)) or "nothing was checked"
    yield from _subject(report)
    if report.findings:
        yield from ("", "| | rule | where | what |", "| --- | --- | --- | --- |")
        yield from map(_row, report.findings)
        yield from _details(report)
    for broken in report.unreadable:
        yield from ("", f"**{_text(broken.code)}**: {_text(broken.message)} {_text(broken.hint)}")
    for note in report.notes:
        yield from ("", f"Note: {_text(note)}")
    yield from _rehearsal(report)
    yield from _changes(report)


def _subject(report: Report) -> Iterator[str]:
    facts = []
    if report.guest:
        facts.append(f"{_text(report.guest.name)} ({_text(report.guest.architecture)})")
    if report.image:
        container = report.image.container
        facts.append(f"{_text(container.format)}, {human_size(container.virtual_size)}")
    facts.append(f"bootworthy {_text(report.version)}, {human_seconds(report.seconds)}")
    if report.output:
        facts.append(f"wrote {_text(report.output)}")
    yield from ("", " · ".join(facts))


def _row(finding: Finding) -> str:
    sign = f"{_LEVEL_SIGN[finding.severity]} {finding.severity.word}"
    rule = f"{_text(finding.code)} {_text(finding.rule)}"
    return f"| {sign} | {rule} | {_text(str(finding.place))} | {_text(finding.message)} |"


def _details(report: Report) -> Iterator[str]:
    yield from ("", "<details><summary>Why, and what to do</summary>", "")
    for finding in report.findings:
        fix = f" Fix ({finding.fix.safety.value}): {finding.fix.title}." if finding.fix else ""
        yield f"- **{_text(finding.code)}** {_text(finding.message)}: {_text(finding.why + fix)}"
    yield from ("", "</details>")


def _rehearsal(report: Report) -> Iterator[str]:
    if (verdict := report.rehearsal) is None:
        return
    yield from ("", f"### Rehearsal: {'passed' if verdict.passed else 'failed'}")
    for diagnosis in verdict.diagnoses:
        why = f"{diagnosis.why} Fix: {diagnosis.fix}."
        yield from ("", f"❌ **{_text(diagnosis.code)} {_text(diagnosis.rule)}** {_text(why)}")
    yield from ("", "| | milestone | at | evidence |", "| --- | --- | --- | --- |")
    for item in verdict.milestones:
        at = f"{item.at:.1f} s" if item.at is not None else ""
        sign = _STATE_SIGN[item.state]
        yield f"| {sign} | {_text(item.title)} | {at} | {_text(item.evidence)} |"


def _changes(report: Report) -> Iterator[str]:
    if not report.changes:
        return
    yield from ("", f"<details><summary>{plural(len(report.changes), 'change')}</summary>", "")
    for kind, group in groupby(report.changes, key=lambda change: change.kind):
        for change in group:
            yield f"- {kind.value}: {_text(change.what)}"
    yield from ("", "</details>")


def _text(text: str) -> str:
    """Text of an image on one line, as itself."""
    escaped = _MEANT.sub(r"\\\1", printable(" ".join(text.split())))
    return html.escape(escaped, quote=False)


FORMAT = Format(
    name="markdown",
    summary="a summary for pull requests and job pages",
    render=render,
    shows_rehearsal=True,
)
