"""The report as JSON, schema version 1: ``report-v1.schema.json`` beside this file describes it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from bootworthy.model.report import Report


def render(report: Report) -> str:
    """The report as one JSON document, with a newline at its end."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what ``render`` writes."""
    text = resources.files("bootworthy.report").joinpath("report-v1.schema.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded
