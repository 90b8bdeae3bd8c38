"""Lines of styled text: ``cli`` colours them, and nothing here has to know about terminals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bootworthy.report.plain import printable


class Style(StrEnum):
    """What a piece of text is; the terminal decides how it looks."""

    PLAIN = ""
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


def as_text(styled: Iterable[Line]) -> str:
    """Lines without their styles, safe for a terminal."""
    return "".join("".join(printable(span.text) for span in line) + "\n" for line in styled)
