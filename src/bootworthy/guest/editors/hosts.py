"""hosts(5): names taken out, addresses and comments kept."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

_LINE = re.compile(r"^(\s*\S+)([^#\n]*)(#[^\n]*)?(\n?)$")


def without_names(text: str, names: AbstractSet[str]) -> str:
    """``text`` without ``names``; a line that loses its last name goes whole."""
    return "".join(_edit(line, names) for line in text.splitlines(keepends=True))


def _edit(line: str, names: AbstractSet[str]) -> str:
    match = _LINE.match(line)
    if match is None or line.lstrip().startswith("#"):
        return line
    address, rest, comment, end = match[1], match[2], match[3] or "", match[4]
    words = rest.split()
    kept = [word for word in words if word not in names]
    if kept == words:
        return line
    if not kept:
        return comment + end if comment else ""
    gap = rest[: len(rest) - len(rest.lstrip())] or "\t"
    return f"{address}{gap}{' '.join(kept)}{' ' + comment if comment else ''}{end}"
