"""The README and its translation say the same: what is no prose has to be in both."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from docs import generate

ROOT = generate.HERE.parent
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
SPANISH = (ROOT / "README.es.md").read_text(encoding="utf-8")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _blocks(text: str, kind: str) -> list[str]:
    return [found[2] for found in _FENCED.finditer(text) if found[1] == kind]


def _prose(text: str) -> str:
    return _FENCED.sub("", text)


def _commands(text: str) -> list[str]:
    """The commands of the examples, without the comments behind them."""
    lines = "".join(_blocks(text, "console")).splitlines()
    return [re.sub(r"\s+#.*", "", line) for line in lines]


def _inline(text: str) -> list[str]:
    """What is written as code within the prose, however its lines are broken."""
    found = re.findall(r"`([^`]+)`", _prose(text))
    return sorted({re.sub(r"\s+", " ", code) for code in found})


def _headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", _prose(text), re.MULTILINE)]


def _links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)]+)\)", _prose(text))
    return sorted(link for link in found if not link.startswith("README"))


def _shape(text: str) -> list[int]:
    """How many rows each table, and how many items each list, has."""
    marks = re.findall(r"^(\||- |#)", _prose(text), re.MULTILINE)
    return [marks.count(mark) for mark in ("|", "- ", "#")]


@pytest.mark.parametrize("part", [_headings, _commands, _inline, _links, _shape])
def test_the_translation_is_complete(part: Callable[[str], list[object]]) -> None:
    assert part(ENGLISH)
    assert part(SPANISH) == part(ENGLISH), "README.md and README.es.md differ: translate the change"


def test_both_have_the_same_blocks() -> None:
    kinds = [[found[1] for found in _FENCED.finditer(text)] for text in (ENGLISH, SPANISH)]
    assert kinds[0] == kinds[1]
    assert len(kinds[0]) >= 6


def test_configuration_is_the_same_but_for_its_reason() -> None:
    first, second = (tomllib.loads("".join(_blocks(text, "toml"))) for text in (ENGLISH, SPANISH))
    for data in (first, second):
        assert all(entry.pop("reason") for entry in data["ignore"])
    assert first == second


def test_each_leads_to_the_other() -> None:
    assert "](README.es.md)" in ENGLISH
    assert "](README.md)" in SPANISH
    assert Path(ROOT, "README.es.md").is_file()
