"""Facts of Microsoft's REST specifications, and requests and bodies held against them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FACTS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
DEFINITIONS: dict[str, dict[str, Any]] = _FACTS["$defs"]

_PROVIDER = re.compile(
    r"(?i)/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.compute/"
)


@dataclass(frozen=True)
class Operation:
    """One operation: the definition its body follows, empty for none, and how it may answer."""

    body: str
    statuses: tuple[int, ...]


def operation(method: str, path: str) -> Operation | None:
    """The operation that a request is, None where the specifications have none."""
    found = _PROVIDER.match(path)
    rest = path[found.end() :].lower() if found else ""
    depth = rest.count("/")
    for item in _FACTS["operations"]:
        pattern = item["path"]
        if method == item["method"] and fnmatchcase(rest, pattern) and depth == pattern.count("/"):
            return Operation(item.get("body", ""), tuple(item["statuses"]))
    return None


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS})


def problem_of(name: str, body: object) -> str:
    """What is wrong with a body that should follow a definition; empty where nothing is."""
    errors = _validator(name).iter_errors(body)
    return "; ".join(f"{error.json_path}: {error.message}" for error in errors)


def problem_of_request(method: str, path: str, body: object) -> str:
    """What is wrong with a request."""
    known = operation(method, path)
    if known is None:
        return f"there is no operation {method} {path}"
    if not known.body:
        return "" if body is None else "this operation has no body"
    return problem_of(known.body, body)
