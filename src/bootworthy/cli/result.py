"""What a verb leaves behind: the report on stdout and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from bootworthy.cli.options import threshold_of
from bootworthy.cli.outputs import outputs_of, write_reports
from bootworthy.model.report import Report

_FINDINGS = 1
_UNREADABLE = 3


def finish_report(
    ctx: click.Context,
    report: Report,
    given: Mapping[str, Any],
    then: Callable[[], bool] = lambda: True,
) -> None:
    """Write the reports and end with the status that ``--fail-on`` asks for.

    ``then`` is what remains to be done once the reports are written; 1 when it says False.
    """
    write_reports(report, outputs_of(given), verbose=given["verbose"] > 0)
    sys.stdout.flush()
    done = then()
    sys.stdout.flush()
    ctx.exit(status_of(report, given["fail_on"]) or (0 if done else _FINDINGS))


def status_of(report: Report, fail_on: str) -> int:
    """The exit status of a report."""
    if report.unreadable:
        return _UNREADABLE
    return _FINDINGS if report.reaches(threshold_of(fail_on)) else 0
