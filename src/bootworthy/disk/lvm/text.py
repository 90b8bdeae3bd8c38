"""LVM's text format: sections in braces, numbers, strings and lists of them.

Source: LVM2, lib/config (lvm.conf(5) has the same syntax).
"""

from __future__ import annotations

import re
from typing import TypeAlias

Value: TypeAlias = "int | str | list[int | str] | Section"
Section: TypeAlias = "dict[str, Value]"

# A group's deepest section is group, logical_volumes, volume, segment.
_DEPTH = 8

_TOKEN = re.compile(
    r"\s+|#[^\n]*"
    r'|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\d{1,20}(?:\.\d{1,20})?(?![\w.+-]))"
    r"|(?P<name>[\w.+/-]+)"
    r"|(?P<mark>[{}=\[\],])",
    re.ASCII | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class TextError(ValueError):
    """It is not LVM's text format."""


def parse(text: str) -> Section:
    """The top section of ``text``.

    Raises:
        TextError: it is not in the format, or deeper than any volume group is.
    """
    parser = _Parser(_tokens(text))
    return parser.section(0)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise TextError(f"{text[position : position + 20]!r} is not expected")
        if match.lastgroup:
            found.append((match.lastgroup, match.group()))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def _take(self) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise TextError("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def section(self, depth: int) -> Section:
        """What stands up to the closing brace, or to the end at the top."""
        found: Section = {}
        while self._next < len(self._tokens):
            kind, word = self._take()
            if (kind, word) == ("mark", "}") and depth:
                return found
            if kind not in ("name", "number"):
                raise TextError(f"{word!r} is no name")
            found[word] = self._value(depth)
        if depth:
            raise TextError("a section does not end")
        return found

    def _value(self, depth: int) -> Value:
        kind, word = self._take()
        if (kind, word) == ("mark", "{"):
            if depth == _DEPTH:
                raise TextError("its sections are too deep")
            return self.section(depth + 1)
        if (kind, word) != ("mark", "="):
            raise TextError(f"{word!r} where a value or a section begins")
        kind, word = self._take()
        return self._list() if (kind, word) == ("mark", "[") else _scalar(kind, word)

    def _list(self) -> list[int | str]:
        found: list[int | str] = []
        while True:
            kind, word = self._take()
            if (kind, word) == ("mark", "]"):
                return found
            if (kind, word) != ("mark", ","):
                found.append(_scalar(kind, word))


def _scalar(kind: str, word: str) -> int | str:
    if kind == "string":
        return _ESCAPED.sub(r"\1", word[1:-1])
    if kind == "number" and "." not in word:
        return int(word)
    if kind in ("number", "name"):
        return word
    raise TextError(f"{word!r} is no value")
