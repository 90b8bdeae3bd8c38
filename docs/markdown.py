"""Plain text in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARKS = re.compile(r"([\\*_\[\]<>{}|$])")


def plain(text: str) -> str:
    """``text`` on one line, with nothing that Markdown would take for a mark but `code`."""
    parts = re.sub(r"\s+", " ", text).strip().split("`")
    if len(parts) % 2 == 0:
        return "\\`".join(_MARKS.sub(r"\\\1", part) for part in parts)
    shown = [part if index % 2 else _MARKS.sub(r"\\\1", part) for index, part in enumerate(parts)]
    return "`".join(shown)


def code(text: str) -> str:
    """``text`` as code, inside a table or outside."""
    return f"`{text}`".replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown already."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
