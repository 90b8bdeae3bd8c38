"""A conversion as people read it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bootworthy.model.conversion import Conversion
from bootworthy.model.quantities import human_seconds, human_size
from bootworthy.report.styled import Line, Span, Style


def render(result: Conversion) -> str:
    """The result as one JSON document, with a newline at its end."""
    return json.dumps(result.to_dict(), indent=2, ensure_ascii=False) + "\n"


def lines(result: Conversion) -> Iterator[Line]:
    """The result, line by line."""
    size = human_size(result.virtual_size)
    what = f"{result.output}: {result.output_format}, {size} ({result.virtual_size} bytes)"
    yield (Span(what, Style.STRONG),)
    for change in result.changes:
        yield (Span(f"  {change}"),)
    for note in result.notes:
        yield Span("note", Style.NOTE), Span(f": {note}")
    if result.undo:
        yield Span("undo", Style.NOTE), Span(f": {result.undo}")
    if result.method:
        yield (Span(f"{_numbers(result)}", Style.FAINT),)


def _numbers(result: Conversion) -> str:
    parts = [f"{human_size(result.data_bytes)} of data", f"in {human_seconds(result.seconds)}"]
    if result.decoded_bytes:
        parts.insert(1, f"{human_size(result.decoded_bytes)} decoded")
    if result.verified:
        parts.append("identical to the source")
    return ", ".join(parts)
