"""SARIF 2.1.0, which code scanning services read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
What GitHub shows of it: https://docs.github.com/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bootworthy.model.finding import Finding, Outcome, Place, Severity
from bootworthy.model.report import Report, RuleResult
from bootworthy.report.format import Format

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

# Names the root of the file tree inside the image, which no URI reaches.
_GUEST = "GUEST"

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}

# The name and version of our fingerprint; change it when what goes into the fingerprint changes.
_FINGERPRINT = "bootworthyFinding/v1"


def render(report: Report) -> str:
    """The report as one SARIF log with one run."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _run(report: Report) -> dict[str, Any]:
    index = {result.code: number for number, result in enumerate(report.results)}
    return {
        "tool": {
            "driver": {
                "name": "bootworthy",
                "version": report.version,
                "rules": [_rule(result) for result in report.results],
            }
        },
        "automationDetails": {"id": f"bootworthy/{report.subject}/"},
        "originalUriBaseIds": {
            _GUEST: {"description": {"text": f"The root of the file tree in {report.subject}."}}
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(item, report, index) for item in (*report.findings, *report.accepted)],
    }


def _rule(result: RuleResult) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": result.code, "name": result.rule}
    about = result.about
    if about is None:
        return rule
    links = [source for source in about.sources if source.startswith("https://")]
    rule |= {
        "shortDescription": {"text": about.summary},
        "fullDescription": {"text": about.why},
        "help": {"text": _help(result, "{}"), "markdown": _help(result, "**{}**")},
        "defaultConfiguration": {"level": _LEVEL[about.severity]},
        "properties": {"tags": ["azure", about.area], "precision": "very-high"},
    }
    return rule | ({"helpUri": links[0]} if links else {})


def _help(result: RuleResult, strong: str) -> str:
    about = result.about
    if about is None:
        return ""
    parts = [about.summary, f"{strong.format('Why')}: {about.why}"]
    if about.deviation:
        parts.append(f"{strong.format('Not as in the article')}: {about.deviation}.")
    parts += [f"{strong.format('Source')}: {source}" for source in about.sources]
    parts.append(f"More: `bootworthy explain {result.code}`")
    return "\n\n".join(parts)


def _invocation(report: Report) -> dict[str, Any]:
    crashed = [result for result in report.results if result.outcome is Outcome.ERROR]
    notes = [
        _notification("error", f"{broken.code}: {broken.message}") for broken in report.unreadable
    ]
    notes += [_notification("error", f"{item.code} crashed: {item.reason}") for item in crashed]
    notes += [_notification("note", note) for note in report.notes]
    return {
        "executionSuccessful": not crashed and not report.unreadable,
        "toolExecutionNotifications": notes,
    }


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _result(finding: Finding, report: Report, index: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVEL[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding.place, report)],
        "partialFingerprints": {_FINGERPRINT: finding.fingerprint},
        "properties": {"found": finding.found, "expected": finding.expected} | _fix(finding),
    }
    if finding.related:
        related = [_location(place, report) for place in finding.related]
        result["relatedLocations"] = related
    if finding.accepted:
        text = finding.accepted.reason
        result["suppressions"] = [{"kind": "external", "justification": text}]
    return result


def _message(finding: Finding) -> str:
    text = f"{finding.message}. Found: {finding.found}. Expected: {finding.expected}."
    return f"{text} Fix: {finding.fix.title}." if finding.fix else text


def _fix(finding: Finding) -> dict[str, Any]:
    """A SARIF fix replaces bytes of a file; ours are steps, so that they are told in words."""
    if finding.fix is None:
        return {}
    steps = [step.to_dict() for step in finding.fix.steps]
    return {"fix": {"title": finding.fix.title, "safety": finding.fix.safety.value, "steps": steps}}


def _location(place: Place, report: Report) -> dict[str, Any]:
    """Where it is; GitHub shows nothing without a line, so that the first stands for all."""
    physical = {
        "artifactLocation": _artifact(place, report),
        "region": {"startLine": place.line or 1},
    }
    return {
        "physicalLocation": physical,
        "logicalLocations": [{"fullyQualifiedName": str(place)}],
    }


def _artifact(place: Place, report: Report) -> dict[str, str]:
    """A file on this machine, or one in the guest."""
    outside = {report.subject, report.output}
    if report.image:
        outside.add(report.image.container.path)
    if place.path in outside or not place.path.startswith("/"):
        return {"uri": _uri(place.path)}
    return {"uri": _uri(place.path.lstrip("/")), "uriBaseId": _GUEST}


def _uri(path: str) -> str:
    """A path as a relative reference (RFC 3986), as a file URI when it is absolute."""
    quoted = quote(path, safe="/", errors="surrogateescape")
    return f"file://{quoted}" if path.startswith("/") else quoted or "."


FORMAT = Format(name="sarif", summary="SARIF 2.1.0, for code scanning", render=render)
