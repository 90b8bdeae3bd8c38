"""The report as JSON, schema version 1: ``report-v1.schema.json`` beside this file describes it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from bootworthy.model.errors import UsageError
from bootworthy.model.report import Report
from bootworthy.report.format import Format


def render(report: Report) -> str:
    """The report as one JSON document, with a newline at its end; a rehearsal alone as verdict."""
    alone = report.rehearsal if report.command == "rehearse" else None
    return json.dumps((alone or report).to_dict(), indent=2, ensure_ascii=False) + "\n"


def parse(text: str) -> Report:
    """The report, or the verdict of a rehearsal, that ``render`` wrote.

    Raises:
        UsageError: ``text`` is no JSON, or no report of schema version 1.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("report-not-json", f"this is no JSON: {error}") from error
    return Report.from_dict(data)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what ``render`` writes."""
    text = resources.files("bootworthy.report").joinpath("report-v1.schema.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


FORMAT = Format(
    name="json",
    summary="all of it, for programs (schema version 1)",
    render=render,
    shows_rehearsal=True,
)
