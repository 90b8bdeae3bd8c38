from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.rules.catalogue import all_rules
from docs import generate

CODES = {rule.code for rule in all_rules()}


@pytest.mark.parametrize("statement", generate.statements(), ids=lambda one: str(one["number"]))
def test_every_statement_has_a_rule_or_a_reason(statement: generate.Statement) -> None:
    number = statement["number"]
    rules = [rule.code for rule in all_rules() if number in rule.article]
    assert bool(rules) is not (number in generate.beyond()), rules


def test_statements_are_numbered_as_the_rules_number_them() -> None:
    assert [one["number"] for one in generate.statements()] == list(range(1, 70))


def test_no_entry_is_both_a_rule_and_left_out() -> None:
    assert CODES & set(generate.left_out()) == set()


def test_what_is_left_out_says_why() -> None:
    for code, entry in generate.left_out().items():
        assert ("rule" in entry) is not ("reason" in entry), code
        assert entry.get("rule", next(iter(CODES))) in CODES, code
        assert entry["title"], code


def test_the_whole_catalogue_is_accounted_for() -> None:
    found_since = {"CI-26"}
    assert len((CODES | set(generate.left_out())) - found_since) == 338


@pytest.mark.parametrize(
    ("name", "text"),
    [("coverage.md", generate.coverage()), ("deviations.md", generate.deviations())],
)
def test_the_files_are_what_the_rules_say(name: str, text: str) -> None:
    assert (generate.HERE / name).read_text() == text, "run: python -m docs.generate"


def test_every_row_leads_to_a_test_that_is_there() -> None:
    links = {
        part.split(")")[0]
        for part in generate.coverage().split("](../")
        if part.startswith("tests")
    }
    root = Path(generate.HERE).parent
    assert links
    assert [link for link in links if not (root / link).is_file()] == []


def test_every_deviation_is_listed() -> None:
    text = generate.deviations()
    assert [rule.code for rule in all_rules() if rule.deviation and rule.code not in text] == []
