"""modprobe.d(5): lines that keep drivers from loading turned into comments."""

from __future__ import annotations

from collections.abc import Iterable

from bootworthy.guest.facts.modprobe import parse
from bootworthy.guest.plain_text import require_text


def allow_modules(text: str, modules: Iterable[str], *, path: str = "/etc/modprobe.d") -> str:
    """``text`` with every line that keeps one of ``modules`` from loading as a comment.

    Raises:
        GuestError: ``guest-file-corrupt``, when it is not text; ``path`` is for the message.
    """
    wanted = {module.replace("-", "_") for module in modules}
    lines = require_text(text, path).split("\n")
    for directive in parse(text, path):
        if directive.prevents_loading and directive.module in wanted and directive.place.line:
            _comment_out(lines, directive.place.line - 1)
    return "\n".join(lines)


def _comment_out(lines: list[str], index: int) -> None:
    # A backslash continues a comment as well, so each of the lines becomes one.
    while index < len(lines):
        continues = lines[index].endswith("\\")
        lines[index] = f"# {lines[index]}"
        if not continues:
            return
        index += 1
