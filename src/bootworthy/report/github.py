"""Annotations that GitHub Actions shows beside a run and in a pull request.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.report import Report
from bootworthy.report.format import Format
from bootworthy.report.plain import printable

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """One workflow command a finding."""
    commands = [_of_finding(finding) for finding in report.findings]
    for broken in report.unreadable:
        message = f"{broken.message}; {broken.hint}" if broken.hint else broken.message
        commands.append(_command("error", {"title": broken.code}, message))
    return "".join(f"{command}\n" for command in commands)


def _of_finding(finding: Finding) -> str:
    fix = f"\nfix: {finding.fix.title}" if finding.fix else ""
    message = (
        f"{finding.message}\nat: {finding.place}\nfound: {finding.found}\n"
        f"expected: {finding.expected}\nwhy: {finding.why}{fix}"
    )
    properties = {"file": finding.place.path, "title": f"{finding.code} {finding.rule}"}
    if finding.place.line:
        properties["line"] = str(finding.place.line)
    return _command(_LEVEL[finding.severity], properties, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_in_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_in_message(message)}"


# The runner takes these escapes back (actions/toolkit, packages/core/src/command.ts).
def _in_message(text: str) -> str:
    lines = (printable(line).replace("%", "%25") for line in text.split("\n"))
    return "%0A".join(lines)


def _in_property(text: str) -> str:
    return _in_message(text).replace(":", "%3A").replace(",", "%2C")


FORMAT = Format(name="github", summary="annotations of GitHub Actions", render=render)
