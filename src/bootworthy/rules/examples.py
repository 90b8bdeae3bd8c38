"""What a finding of each rule looks like.

``examples.json`` is written by the tests from guests in which every rule finds something
(tests/rules/test_examples.py), and compared with what they find now: it cannot be out of date.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PATH = Path(__file__).with_name("examples.json")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One finding in words: where, what was found and expected, and what would be done."""

    place: str
    message: str
    found: str
    expected: str
    fix: str


def example_of(code: str) -> Example | None:
    """The example of a rule by its code, None for the rules of plugins."""
    return _examples().get(code)


@cache
def _examples() -> dict[str, Example]:
    return {code: Example(**data) for code, data in json.loads(PATH.read_text("utf-8")).items()}
