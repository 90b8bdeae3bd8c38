"""fstab(5) edited line by line: line numbers stay what they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bootworthy.guest.plain_text import require_text

_PATH = "/etc/fstab"
_FIELD = re.compile(r"[^ \t\r]+")

# fstab(5): the options are the fourth field.
_OPTIONS = 3


def drop_lines(text: str, lines: Iterable[int], *, reason: str) -> str:
    """``text`` with the entries at these line numbers (1-based) as comments that say ``reason``.

    A line that is a comment, or blank, stays; so doing it twice changes nothing.
    """
    why = " ".join(reason.split())
    return _edit(text, lines, lambda line: f"# {why}: {line.lstrip()}")


def add_options(text: str, lines: Iterable[int], options: Iterable[str]) -> str:
    """``text`` with mount options added to the entries at these line numbers (1-based).

    An option that is there stays as it is, also with another value.
    """
    wanted = tuple(options)
    return _edit(text, lines, lambda line: _with_options(line, wanted))


def _edit(text: str, lines: Iterable[int], change: Callable[[str], str]) -> str:
    table = require_text(text, _PATH).split("\n")
    for number in lines:
        if 1 <= number <= len(table) and _is_entry(table[number - 1]):
            table[number - 1] = change(table[number - 1])
    return "\n".join(table)


def _is_entry(line: str) -> bool:
    start = line.lstrip(" \t\r")[:1]
    return start not in ("", "#")


def _with_options(line: str, wanted: tuple[str, ...]) -> str:
    fields = list(_FIELD.finditer(line))
    if len(fields) < _OPTIONS:
        return line
    if len(fields) == _OPTIONS:
        return f"{line[: fields[-1].end()]} {','.join(wanted)}{line[fields[-1].end() :]}"
    field = fields[_OPTIONS]
    there = field.group().split(",")
    names = {option.partition("=")[0] for option in there}
    new = [option for option in wanted if option.partition("=")[0] not in names]
    return line[: field.start()] + ",".join(there + new) + line[field.end() :]
