"""GRUB's ``[``: what can be said of a condition before boot.

Source: GRUB's grub-core/commands/test.c.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_Result = bool | None

_STRINGS: dict[str, Callable[[str, str], bool]] = {
    "=": str.__eq__,
    "==": str.__eq__,
    "!=": str.__ne__,
    "<": str.__lt__,
    ">": str.__gt__,
    "<=": str.__le__,
    ">=": str.__ge__,
}
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": int.__eq__,
    "-ne": int.__ne__,
    "-lt": int.__lt__,
    "-le": int.__le__,
    "-gt": int.__gt__,
    "-ge": int.__ge__,
}
_FILES = frozenset({"-e", "-f", "-s", "-d"})

# Numbers with more digits are no numbers that a boot loader compares.
_MAX_DIGITS = 18


def evaluate(words: Sequence[str], is_there: Callable[[str, str], bool]) -> _Result:
    """Whether the expression between ``[`` and ``]`` holds; None when that is not known.

    ``is_there`` is given ``-e``, ``-f``, ``-s`` or ``-d`` and a path.
    """
    return _any_of([_all_of(part, is_there) for part in _split(words, "-o")])


def _split(words: Sequence[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _any_of(results: list[_Result]) -> _Result:
    if True in results:
        return True
    return None if None in results else False


def _all_of(words: list[str], is_there: Callable[[str, str], bool]) -> _Result:
    results = [_primary(part, is_there) for part in _split(words, "-a")]
    if False in results:
        return False
    return None if None in results else True


def _primary(words: list[str], is_there: Callable[[str, str], bool]) -> _Result:
    inverted = False
    while len(words) > 1 and words[0] == "!":
        inverted = not inverted
        words = words[1:]
    result = _plain(words, is_there)
    return None if result is None else result != inverted


def _plain(words: list[str], is_there: Callable[[str, str], bool]) -> _Result:
    result: _Result = None
    match words:
        case [] | ["-n"]:
            result = False
        case ["-z"]:
            result = True
        case [text] | ["-n", text]:
            result = bool(text)
        case ["-z", text]:
            result = not text
        case [option, path] if option in _FILES:
            result = is_there(option, path)
        case [left, operator, right] if operator in _STRINGS:
            result = _STRINGS[operator](left, right)
        case [left, operator, right] if operator in _NUMBERS:
            result = _NUMBERS[operator](_number(left), _number(right))
    return result


def _number(text: str) -> int:
    digits = text.strip()[:_MAX_DIGITS]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
