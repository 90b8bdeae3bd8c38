"""sudoers(5): the rules of one user taken out, everything else kept."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from bootworthy.guest.plain_text import require_text

# ``User_List Host_List = ...``, where a list has commas with or without blanks around them.
_RULE = re.compile(
    r"(?P<head>[ \t]*)(?P<users>[^\s,=]+(?:[ \t]*,[ \t]*[^\s,=]+)*)(?P<rest>[ \t].*)", re.DOTALL
)
_DEFAULTS = re.compile(r"(?P<head>[ \t]*Defaults:)(?P<users>[^\s]+)(?P<rest>[ \t].*)", re.DOTALL)
_KEYWORDS = ("Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias")


def without_users(text: str, users: AbstractSet[str], *, path: str = "/etc/sudoers") -> str:
    """``text`` without the rules and defaults of ``users`` (``%name`` is a group).

    A rule for several users loses only those; aliases are left alone.

    Raises:
        GuestError: ``guest-file-corrupt``, when it is not text; ``path`` is for the message.
    """
    return "".join(_edit(line, users) for line in _logical_lines(require_text(text, path)))


def has_rules(text: str) -> bool:
    """Whether anything is said besides comments; ``#include`` and ``#1000`` are no comments."""
    lines = (line.strip() for line in text.split("\n"))
    return any(line and not re.match(r"#(?!include|\d)", line) for line in lines)


def _logical_lines(text: str) -> list[str]:
    """Lines with what continues them, line ends kept; joined they are the text."""
    return re.findall(r"(?:[^\n]*\\\n)*[^\n]*(?:\n|\Z)", text)


def _edit(line: str, users: AbstractSet[str]) -> str:
    first = line.lstrip(" \t")
    if first.startswith(("#", "@")):
        return line
    match = _DEFAULTS.fullmatch(line)
    if match is None and not first.startswith(_KEYWORDS):
        match = _RULE.fullmatch(line)
    if match is None:
        return line
    names = re.split(r"[ \t]*,[ \t]*", match["users"])
    kept = [name for name in names if name not in users]
    if kept == names:
        return line
    gap = ", " if ", " in match["users"] else ","
    return f"{match['head']}{gap.join(kept)}{match['rest']}" if kept else ""
