"""What a verb leaves behind: the report on stdout and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from bootworthy.cli.options import threshold_of
from bootworthy.cli.terminal import print_lines
from bootworthy.model.report import Report

_FINDINGS = 1
_UNREADABLE = 3


def finish_report(ctx: click.Context, report: Report, given: Mapping[str, Any]) -> None:
    """Print the report and end with the status that ``--fail-on`` asks for."""
    if given["as_json"]:
        from bootworthy.report import json

        sys.stdout.write(json.render(report))
    else:
        from bootworthy.report import text

        print_lines(text.lines(report, verbose=given["verbose"] > 0))
    sys.stdout.flush()
    ctx.exit(_status(report, given["fail_on"]))


def _status(report: Report, fail_on: str) -> int:
    if report.unreadable:
        return _UNREADABLE
    return _FINDINGS if report.reaches(threshold_of(fail_on)) else 0
