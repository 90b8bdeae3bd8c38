"""Every error code, read out of the source: where one is raised it says what happened."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bootworthy
from bootworthy.model import errors

_SOURCE = Path(bootworthy.__file__).resolve().parent
_GAP = "…"

# Errors that are not ours have codes as well: cli/errors.py says them so.
_SAID = {"_say": {"host-io": errors.HostError, "bug": errors.InternalError}}


@dataclass(frozen=True)
class Raised:
    """One place where an error is raised; what it fills in at run time is an ellipsis."""

    code: str
    kind: type[errors.BootworthyError]
    message: str
    hint: str


def raised() -> list[Raised]:
    """All of them, by code."""
    texts = (path.read_text(encoding="utf-8") for path in _SOURCE.rglob("*.py"))
    nodes = (node for tree in map(ast.parse, texts) for node in ast.walk(tree))
    found = {one for node in nodes if isinstance(node, ast.Call) for one in _of(node)}
    return sorted(found, key=lambda one: (one.code, one.message, one.hint))


def _of(call: ast.Call) -> Iterator[Raised]:
    if not isinstance(call.func, ast.Name) or not call.args:
        return
    code = _text(call.args[0])
    kind = _SAID.get(call.func.id, {}).get(code) or vars(errors).get(call.func.id)
    if kind is None or code == _GAP or len(call.args) == 1:
        return
    hints = [_text(word.value) for word in call.keywords if word.arg == "hint"]
    said = [*hints, *map(_text, call.args[2:]), ""]
    yield Raised(code=code, kind=kind, message=_text(call.args[1]), hint=said[0])


def _text(node: ast.expr) -> str:
    """The text of an expression, as far as it stands in the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body)} / {_text(node.orelse)}"
    return _GAP
