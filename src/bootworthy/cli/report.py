"""``bootworthy report``: make any report again from a saved one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bootworthy.cli import options
from bootworthy.cli.outputs import refuse_bad_outputs, refuse_formats_without_rehearsal
from bootworthy.cli.result import finish_report
from bootworthy.model.errors import UsageError

# A report of a thousand findings is a few MB.
_LIMIT = 256 << 20


@click.command(
    "report",
    epilog="""\b
Examples:
  bootworthy report saved.json
  bootworthy report saved.json --output html:report.html --output junit:report.xml
  bootworthy rehearse --json disk.vhd | bootworthy report - --output html:rehearsal.html
  bootworthy check --json disk.raw | bootworthy report - --output markdown
""",
)
@click.argument("saved", metavar="SAVED.json")
@options.RESULT
@click.option("-v", "--verbose", count=True, help="Rules that were not checked, too.")
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Make any report again from SAVED.json, which `--output json` wrote; - is standard input.

    The exit status is what `check` would have given, unless --fail-on says otherwise.
    """
    from bootworthy.report.json import parse

    saved = given["saved"]
    refuse_bad_outputs(given, None if saved == "-" else saved)
    try:
        report = parse(_read(saved))
    except UsageError as error:
        raise UsageError(error.code, f"{saved}: {error.message}", hint=error.hint) from error
    if report.command == "rehearse":
        refuse_formats_without_rehearsal(given)
    finish_report(ctx, report, given)


def _read(saved: str) -> str:
    if saved == "-":
        data = sys.stdin.buffer.read(_LIMIT + 1)
    else:
        with Path(saved).open("rb") as file:
            data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise UsageError(
            "report-too-large", f"more than {_LIMIT >> 20} MiB", hint="is it a report?"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError("report-not-json", "not UTF-8 text", hint="is it a report?") from error
