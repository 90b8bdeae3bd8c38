"""JSON data into dataclasses, by their type hints; what does not fit is one clear error."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum, StrEnum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from bootworthy.model.errors import UsageError

T = TypeVar("T")

# How much of a wrong value an error shows.
_SHOWN = 40


def decode(hint: type[T], value: object, where: str) -> T:
    """``value``, which JSON or TOML gave, as an instance of ``hint``.

    Understands dataclasses, enums (string enums by value, others by lower-case name), tuples,
    optional types, strings, numbers and booleans. ``where`` names the place in error messages.

    Raises:
        UsageError: ``data-malformed``: a key is missing or unknown, or a value has another type.
    """
    return cast("T", _decode(hint, value, where))


def malformed(where: str, problem: str) -> UsageError:
    """The error for data that is not what it should be."""
    return UsageError("data-malformed", f"{where}: {problem}")


def _decode(hint: Any, value: object, where: str) -> object:  # noqa: ANN401 - a hint is any type
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _optional(hint, value, where)
    if origin is tuple:
        return _tuple(get_args(hint), value, where)
    if is_dataclass(hint):
        return _dataclass(cast("type[object]", hint), value, where)
    if issubclass(hint, Enum):
        return _enum(hint, value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise malformed(where, f"{_short(value)} is not {_called(hint)}")
    return value


def _optional(hint: Any, value: object, where: str) -> object:  # noqa: ANN401 - a hint is any type
    inner = [part for part in get_args(hint) if part is not type(None)]
    return None if value is None else _decode(inner[0], value, where)


def _tuple(parts: tuple[Any, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise malformed(where, f"{_short(value)} is not a list")
    if parts[-1] is Ellipsis:
        return tuple(_decode(parts[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if len(value) != len(parts):
        raise malformed(where, f"{len(value)} values instead of {len(parts)}")
    pairs = enumerate(zip(parts, value, strict=True))
    return tuple(_decode(part, item, f"{where}[{i}]") for i, (part, item) in pairs)


def _dataclass(hint: type[object], value: object, where: str) -> object:
    data = mapping(value, where)
    known = {field.name: field for field in fields(cast("Any", hint))}
    if unknown := sorted(set(data) - set(known)):
        raise malformed(where, f"unknown key {unknown[0]!r}")
    hints = get_type_hints(hint)
    for name, field in known.items():
        if name not in data and field.default is MISSING and field.default_factory is MISSING:
            raise malformed(where, f"{name} is missing")
    return hint(**{name: _decode(hints[name], data[name], f"{where}.{name}") for name in data})


def mapping(value: object, where: str) -> Mapping[str, object]:
    """``value`` as a mapping with string keys.

    Raises:
        UsageError: ``data-malformed``: it is none.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise malformed(where, f"{_short(value)} is not an object")
    return value


def _enum(hint: type[Enum], value: object, where: str) -> Enum:
    words = {_word(member): member for member in hint}
    if not isinstance(value, str) or value not in words:
        raise malformed(where, f"{_short(value)} is none of {', '.join(words)}")
    return words[value]


def _word(member: Enum) -> str:
    return member.value if isinstance(member, StrEnum) else member.name.lower()


def _called(hint: type) -> str:
    return {
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        dt.date: "a date",
    }[hint]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
