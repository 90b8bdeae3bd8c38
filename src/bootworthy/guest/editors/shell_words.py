"""Words of the POSIX shell: where one ends, and what it says (XCU 2.2 Quoting, 2.6 Expansions)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from bootworthy.guest.editors.kernel_arguments import BLANKS

# What ends a word outside quotes (XCU 2.3).
_METACHARACTERS = frozenset(" \t\n;&|<>()")
_PLAIN_RUN = re.compile(r"""[^ \t\n;&|<>()\\'"`$]+""")
_DOUBLE_RUN = re.compile(r"""[^\\"`$]+""")
_LITERAL_RUN = re.compile(r"""[^ \t\n\r\v\f"]+""")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)

# XCU 2.5.1 and 2.5.2: positional and special parameters.
_SPECIAL_PARAMETERS = "0123456789@*#?-$!"

# Substitutions inside substitutions: nobody writes more, and each costs a stack frame.
_MAX_DEPTH = 20


class NotShellError(Exception):
    """The text cannot be a shell script: a quote or a substitution never ends."""

    def __init__(self, position: int, problem: str) -> None:
        super().__init__(problem)
        self.position = position
        self.problem = problem


class UnitKind(Enum):
    """What a piece of a word is."""

    TEXT = auto()
    BLANK = auto()
    QUOTE = auto()
    """A double quote that is part of the value."""
    VARIABLE = auto()
    OPAQUE = auto()


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a word's value with its place in the script: ``text`` is a variable's name."""

    kind: UnitKind
    text: str
    start: int
    end: int


def word_end(text: str, start: int) -> int:
    """The position behind the word that begins at ``start``.

    Raises:
        NotShellError: a quote or a substitution in it never ends.
    """
    position = start
    while position < len(text) and text[position] not in _METACHARACTERS:
        position = _unquoted_end(text, position, 0)
    return position


def units(text: str, start: int, end: int) -> list[Unit]:
    """The value of the word ``text[start:end]``, piece by piece, quotes and escapes resolved."""
    found: list[Unit] = []
    position = start
    while position < end:
        char = text[position]
        stop = _unquoted_end(text, position, 0)
        if char == "'":
            found += _literal(text, position + 1, stop - 1)
        elif char == '"':
            found += _inside_double(text, position + 1, stop - 1)
        elif char == "\\":
            found += _escaped(text, position, stop)
        elif char == "$" and text[position + 1 : position + 2] in ("'", '"'):
            # bash knows $'...' and $"...", other shells do not.
            found.append(Unit(UnitKind.OPAQUE, char, position, stop))
        elif char in "$`":
            found.append(_expansion(text, position, stop))
        else:
            found += _literal(text, position, stop)
        position = stop
    return found


def value(pieces: list[Unit], environment: Mapping[str, str]) -> str | None:
    """What the word says, None when only a shell could tell; unset variables are empty."""
    if any(piece.kind is UnitKind.OPAQUE for piece in pieces):
        return None
    return "".join(
        environment.get(piece.text, "") if piece.kind is UnitKind.VARIABLE else piece.text
        for piece in pieces
    )


def double_quoted(plain: str) -> str:
    """``plain`` as it stands between double quotes."""
    return re.sub(r'([\\"$`])', r"\\\1", plain)


def quoted_like(plain: str, old: str) -> str:
    """A word that says ``plain``, quoted as the word ``old`` is where that is possible."""
    if old.startswith("'") and "'" not in plain:
        return f"'{plain}'"
    if old[:1] not in ("'", '"') and re.fullmatch(r"[\w./:=,@%+-]*", plain, re.ASCII):
        return plain
    return f'"{double_quoted(plain)}"'


def _unquoted_end(text: str, position: int, depth: int) -> int:
    """Behind the quoted string, escape, expansion or run of plain characters at ``position``."""
    char = text[position]
    if char == "\\":
        return min(position + 2, len(text))
    if char == "'":
        return _find(text, "'", position) + 1
    if char == '"':
        return _double_end(text, position, depth)
    if char in "$`":
        return _expansion_end(text, position, depth)
    run = _PLAIN_RUN.match(text, position)
    return run.end() if run else position + 1


def _double_end(text: str, start: int, depth: int) -> int:
    position = start + 1
    while position < len(text):
        char = text[position]
        if char == '"':
            return position + 1
        position = _double_piece_end(text, position, depth)
    raise NotShellError(start, "a double quote that never ends")


def _double_piece_end(text: str, position: int, depth: int) -> int:
    char = text[position]
    if char == "\\":
        return position + 2
    if char in "$`":
        return _expansion_end(text, position, depth)
    run = _DOUBLE_RUN.match(text, position)
    return run.end() if run else position + 1


def _expansion_end(text: str, start: int, depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise NotShellError(start, "substitutions nested too deeply")
    if text[start] == "`":
        return _backquote_end(text, start)
    following = text[start + 1 : start + 2]
    if following in ("(", "{"):
        return _bracket_end(text, start + 1, depth)
    match = _VARIABLE.match(text, start)
    if match:
        return match.end()
    return start + 2 if following and following in _SPECIAL_PARAMETERS else start + 1


def _backquote_end(text: str, start: int) -> int:
    position = start + 1
    while (position := _find(text, "`", position - 1)) and _is_escaped(text, position):
        position += 1
    return position + 1


def _is_escaped(text: str, position: int) -> bool:
    before = position
    while text[before - 1] == "\\":
        before -= 1
    return bool((position - before) % 2)


def _bracket_end(text: str, start: int, depth: int) -> int:
    opening = text[start]
    closing = ")" if opening == "(" else "}"
    level = 0
    position = start
    while position < len(text):
        char = text[position]
        level += (char == opening) - (char == closing)
        if level == 0:
            return position + 1
        if char in "\\'\"`$":
            position = _unquoted_end(text, position, depth + 1)
        else:
            position += 1
    raise NotShellError(start, f"a {opening!r} that never ends")


def _find(text: str, char: str, after: int) -> int:
    position = text.find(char, after + 1)
    if position < 0:
        raise NotShellError(after, f"a {char} that never ends")
    return position


def _literal(text: str, start: int, end: int) -> Iterator[Unit]:
    position = start
    while position < end:
        run = _LITERAL_RUN.match(text, position, end)
        if run:
            yield Unit(UnitKind.TEXT, run.group(), position, run.end())
            position = run.end()
        else:
            yield _single(text[position], position, position + 1)
            position += 1


def _single(char: str, start: int, end: int) -> Unit:
    kind = UnitKind.TEXT
    if char == '"':
        kind = UnitKind.QUOTE
    elif char in BLANKS:
        kind = UnitKind.BLANK
    return Unit(kind, char, start, end)


def _escaped(text: str, start: int, end: int) -> Iterator[Unit]:
    char = text[start + 1 : end]
    if char and char != "\n":  # a backslash before a newline joins two lines
        yield _single(char, start, end)


def _inside_double(text: str, start: int, end: int) -> Iterator[Unit]:
    position = start
    while position < end:
        stop = _double_piece_end(text, position, 0)
        char = text[position]
        if char == "\\":
            yield from _escaped_in_double(text, position, stop)
        elif char in "$`":
            yield _expansion(text, position, stop)
        else:
            yield from _literal(text, position, stop)
        position = stop


def _escaped_in_double(text: str, start: int, end: int) -> Iterator[Unit]:
    if text[start + 1] in '$`"\\\n':
        yield from _escaped(text, start, end)
    else:
        yield from _literal(text, start, end)


def _expansion(text: str, start: int, end: int) -> Unit:
    match = _VARIABLE.fullmatch(text, start, end)
    if text[start] == "$" and text[end - 1] != "}" and text.startswith("\\\n", end):
        # The shell joins the lines first, so the name may go on in the next one.
        return Unit(UnitKind.OPAQUE, text[start:end], start, end)
    if match:
        return Unit(UnitKind.VARIABLE, match[1] or match[2], start, end)
    if end == start + 1:  # a lone dollar sign is itself
        return Unit(UnitKind.TEXT, "$", start, end)
    return Unit(UnitKind.OPAQUE, text[start:end], start, end)
