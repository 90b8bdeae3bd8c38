"""One line a finding, as compilers print them, and one that sums up."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.report import Report
from bootworthy.report.format import Format
from bootworthy.report.styled import Line, Span, as_text
from bootworthy.report.text import SEVERITY_STYLE, closing_lines


def lines(report: Report) -> Iterator[Line]:
    """The report, line by line."""
    for finding in report.findings:
        yield (
            Span(f"{finding.place}: "),
            Span(f"{finding.severity.word}[{finding.rule}]", SEVERITY_STYLE[finding.severity]),
            Span(f" {finding.code}: {finding.message}"),
        )
    yield from closing_lines(report)


def render(report: Report) -> str:
    """The report as plain text."""
    return as_text(lines(report))


FORMAT = Format(name="concise", summary="one line a finding", render=render, for_people=True)
