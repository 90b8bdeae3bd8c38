"""Findings as comma-separated values, for spreadsheets."""

from __future__ import annotations

import csv
import io

from bootworthy.model.report import Report
from bootworthy.report.format import Format


def render(report: Report) -> str:
    """A line for each finding, the worst first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "rule", "severity", "path", "message"))
    for finding in report.findings:
        severity = finding.severity.word
        writer.writerow((finding.code, finding.rule, severity, finding.place.path, finding.message))
    return text.getvalue()


FORMAT = Format(name="csv", summary="One line a finding.", render=render)
