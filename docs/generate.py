"""Write docs/coverage.md and docs/deviations.md from the rules' own metadata.

``python -m docs.generate`` writes both; tests/docs fails when they are older than the rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import yaml

from bootworthy.model.finding import Severity
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.rule import Rule

HERE = Path(__file__).resolve().parent
_ROOT = HERE.parent
_GOLDEN = _ROOT / "tests" / "golden" / "rules.json"

_MADE = "<!-- Made by `python -m docs.generate` from the rules: edit those. -->\n"


class Statement(TypedDict):
    """One of the article's statements, in our own words."""

    number: int
    where: str
    says: str


def statements() -> list[Statement]:
    """The article's statements in order."""
    found: list[Statement] = _data()["statements"]
    return found


def left_out() -> dict[str, dict[str, str]]:
    """Entries of the catalogue that are no rule: ``title``, and ``rule`` or ``reason``."""
    found: dict[str, dict[str, str]] = _data()["left_out"]
    return found


def beyond() -> dict[int, str]:
    """Statements that no rule can cover, and why."""
    found: dict[int, str] = _data()["beyond"]
    return found


def _data() -> Any:  # noqa: ANN401 - what is in the file is said by its readers
    return yaml.safe_load((HERE / "catalogue.yaml").read_text())


def coverage() -> str:
    """docs/coverage.md."""
    return "\n".join([*_coverage_head(), *_statement_table(), *_rule_table(), *_left_out_table()])


def _coverage_head() -> Iterator[str]:
    yield _MADE
    yield "# What of the article is covered\n"
    yield (
        "[Prepare Linux for imaging in Azure]"
        "(https://learn.microsoft.com/azure/virtual-machines/linux/create-upload-generic) "
        f"says {len(statements())} things. Each has its row, with the rules that check it, how "
        "they mend what they find, and the tests that prove it. Where a rule does not follow the "
        "article to the letter, [deviations.md](deviations.md) says why.\n"
    )


def _statement_table() -> Iterator[str]:
    yield "| # | Where | The article says | Rules | Fixes | Tests |"
    yield "| --: | --- | --- | --- | --- | --- |"
    for one in statements():
        rules = [rule for rule in all_rules() if one["number"] in rule.article]
        names = ", ".join(f"{rule.code} `{rule.name}`" for rule in rules)
        tests = ", ".join(f"[{rule.code}]({_test_of(rule)})" for rule in rules)
        reason = beyond().get(one["number"], "")
        row = (one["number"], one["where"], one["says"], names or reason, _fixes(rules), tests)
        yield _row(row)
    yield ""


def _rule_table() -> Iterator[str]:
    yield f"## The {len(all_rules())} rules\n"
    yield "| Code | Name | Severity | What it finds | Fixes | Article |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for rule in all_rules():
        article = ", ".join(map(str, rule.article))
        yield _row(
            (
                rule.code,
                f"`{rule.name}`",
                Severity(rule.severity).word,
                rule.summary,
                _fixes([rule]),
                article,
            )
        )
    yield ""


def _left_out_table() -> Iterator[str]:
    entries = left_out()
    yield "## Left out\n"
    yield f"Entries of the catalogue that are no rule of their own: {len(entries)}.\n"
    yield "| Entry | What it would ask | Why it is no rule |"
    yield "| --- | --- | --- |"
    for code, entry in entries.items():
        why = f"part of {entry['rule']}" if "rule" in entry else entry["reason"]
        yield _row((code, entry["title"], why))
    yield ""


def deviations() -> str:
    """docs/deviations.md."""
    lines = [
        _MADE,
        "# Where bootworthy does not follow the article to the letter\n",
        "Each of these reaches what the article wants another way, for the reason given.\n",
        "| Rule | Statements | What is done instead, and why |",
        "| --- | --- | --- |",
    ]
    for rule in all_rules():
        if rule.deviation:
            numbers = ", ".join(map(str, rule.article))
            lines.append(_row((f"{rule.code} `{rule.name}`", numbers, rule.deviation)))
    return "\n".join([*lines, ""])


def _fixes(rules: Iterable[Rule]) -> str:
    golden = _golden()
    kinds = {kind for rule in rules for kind in golden.get(rule.code, {}).get("fixes", ())}
    return ", ".join(sorted(kinds))


@cache
def _golden() -> dict[str, Any]:
    """What the tests pin of each rule, by its code."""
    found: dict[str, Any] = json.loads(_GOLDEN.read_text())
    return found


def _test_of(rule: Rule) -> str:
    area, name = rule.check.__module__.split(".")[-2:]
    return f"../tests/rules/{area}/test_{name}.py"


def _row(cells: Iterable[object]) -> str:
    texts = (re.sub(r"\s+", " ", str(cell)).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(texts)} |"


def main() -> None:
    """Write both files."""
    (HERE / "coverage.md").write_text(coverage())
    (HERE / "deviations.md").write_text(deviations())


if __name__ == "__main__":
    main()
