"""systemd-boot's loader.conf: a key and its value a line, of which the last one counts.

Source: loader.conf(5); src/boot/efi/boot.c of systemd, line_get_key_value and
config_defaults_load_from_file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"^([ \t]*)([^#\s]\S*)([ \t]+)(.*?)([ \t\r]*)$")
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class Option:
    """A setting that is in force; ``line`` is 1-based."""

    value: str
    line: int


def option(text: str, key: str) -> Option | None:
    """The setting that counts, without the quotes around it; None when there is none."""
    for number, line in reversed(list(enumerate(text.split("\n"), 1))):
        found = _LINE.match(line)
        if found and found[2] == key:
            return Option(_unquoted(found[4]), number)
    return None


def set_option(text: str, key: str, value: str) -> str:
    """Have ``value`` in force: in the line that counts, else in a new last line."""
    lines = text.split("\n")
    if (current := option(text, key)) is None:
        lines[-1:] = [f"{key} {value}", ""] if lines[-1] == "" else [lines[-1], f"{key} {value}"]
    elif current.value != value:
        lines[current.line - 1] = _LINE.sub(
            lambda found: f"{found[1]}{key}{found[3]}{value}{found[5]}", lines[current.line - 1]
        )
    return "\n".join(lines)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]
    return value[1:-1] if quoted else value
