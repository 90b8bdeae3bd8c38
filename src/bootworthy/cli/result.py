"""What a verb leaves behind: the report on stdout and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from bootworthy.cli.options import threshold_of
from bootworthy.cli.outputs import outputs_of, write_reports
from bootworthy.model.rehearsal import Verdict
from bootworthy.model.report import Report

_FINDINGS = 1
_UNREADABLE = 3


def finish_report(
    ctx: click.Context,
    report: Report,
    given: Mapping[str, Any],
    rehearse: Callable[[], Verdict] | None = None,
) -> None:
    """Write the reports and end with the status that ``--fail-on`` asks for.

    ``rehearse`` boots what was written. Reports in files and for people are there before; those in
    files are written again with what the boot proved, and one for programs on standard output is
    written once, after it.
    """
    outputs, verbose = outputs_of(given), given["verbose"] > 0
    if rehearse is None:
        write_reports(report, outputs, verbose=verbose)
    else:
        told = [output for output in outputs if output.path is None and output.format.for_people]
        files = [output for output in outputs if output.path is not None]
        write_reports(report, [*told, *files], verbose=verbose)
        sys.stdout.flush()
        try:
            report = replace(report, rehearsal=rehearse())
        finally:
            late = [output for output in outputs if output not in told]
            write_reports(report, late, verbose=verbose)
    sys.stdout.flush()
    ctx.exit(status_of(report, given["fail_on"]))


def finish_rehearsal(ctx: click.Context, verdict: Verdict, given: Mapping[str, Any]) -> None:
    """Write a rehearsal's reports and end with its status."""
    report = Report.of_rehearsal(verdict)
    write_reports(report, outputs_of(given), verbose=given["verbose"] > 0)
    sys.stdout.flush()
    ctx.exit(status_of(report, "never"))


def status_of(report: Report, fail_on: str) -> int:
    """The exit status of a report."""
    if report.unreadable:
        return _UNREADABLE
    failed = report.rehearsal is not None and not report.rehearsal.passed
    return _FINDINGS if failed or report.reaches(threshold_of(fail_on)) else 0
