"""Reads the Bicep that bootworthy writes: declarations, objects, arrays, texts and names.

Microsoft's compiler is no Python package; this follows the grammar of
https://learn.microsoft.com/azure/azure-resource-manager/bicep/file and refuses all that it has
beyond the few constructs used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>[ \t]+|//[^\n]*)
      |(?P<line>\n+)
      |(?P<text>'(?:\\[\\'nrt$]|\\\$\{|\$(?!\{)|[^'\\\n$])*')
      |(?P<number>\d+)
      |(?P<name>[A-Za-z_][A-Za-z0-9_.]*)
      |(?P<mark>[@(){}\[\]:=])""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class Name(str):
    """A word that stands for a value: a parameter, or a property of a resource."""

    __slots__ = ()


@dataclass
class Template:
    """What a template declares."""

    parameters: set[str] = field(default_factory=set)
    resources: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    outputs: dict[str, Name] = field(default_factory=dict)


def read(text: str) -> Template:
    """What ``text`` declares; ValueError where it is not of the language."""
    return _Reader(text).template()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"not of the language: {text[at : at + 40]!r}")
            at = found.end()
            if found.lastgroup != "space":
                self._tokens.append((str(found.lastgroup), found[0]))
        self._at = 0

    def _next(self, kind: str = "", value: str = "") -> str:
        if self._at >= len(self._tokens):
            raise ValueError("it ends too early")
        found, text = self._tokens[self._at]
        if (kind and found != kind) or (value and text != value):
            raise ValueError(f"{text!r} where {value or kind} belongs")
        self._at += 1
        return text

    def _is(self, kind: str, value: str = "") -> bool:
        if self._at >= len(self._tokens):
            return False
        found, text = self._tokens[self._at]
        return found == kind and value in ("", text)

    def template(self) -> Template:
        made = Template()
        while self._at < len(self._tokens):
            if self._is("line"):
                self._next()
            elif self._is("mark", "@"):
                for kind, value in (("mark", "@"), ("name", "description"), ("mark", "(")):
                    self._next(kind, value)
                self._next("text")
                self._next("mark", ")")
                self._next("line")
            else:
                self._declaration(made)
        return made

    def _declaration(self, made: Template) -> None:
        word, name = self._next("name"), self._next("name")
        if word == "resource":
            kind = _plain(self._next("text"))
            self._next("mark", "=")
            value = self._value()
            if name in made.resources or not isinstance(value, dict):
                raise ValueError(f"resource {name}")
            made.resources[name] = (kind, value)
        elif word in ("param", "output"):
            self._next("name", "string")
            value = None
            if word == "output" or self._is("mark", "="):
                self._next("mark", "=")
                value = self._value()
            if word == "param":
                made.parameters.add(name)
            else:
                made.outputs[name] = Name(value)
        else:
            raise ValueError(f"{word} is no declaration")
        self._next("line")

    def _value(self) -> Any:  # noqa: ANN401 - any value of the language
        if self._is("text"):
            return _plain(self._next())
        if self._is("number"):
            return int(self._next())
        if self._is("name"):
            return Name(self._next())
        return self._items("{", "}") if self._is("mark", "{") else self._items("[", "]")

    def _items(self, opening: str, closing: str) -> Any:  # noqa: ANN401 - an object or an array
        self._next("mark", opening)
        self._next("line")
        found: dict[str, Any] = {}
        listed: list[Any] = []
        while not self._is("mark", closing):
            if opening == "{":
                key = self._next("name")
                self._next("mark", ":")
                if key in found:
                    raise ValueError(f"{key} twice")
                found[key] = self._value()
            else:
                listed.append(self._value())
            self._next("line")
        self._next("mark", closing)
        return found if opening == "{" else listed


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
