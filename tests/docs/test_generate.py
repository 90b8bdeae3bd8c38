from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.rules.catalogue import all_rules
from docs import generate

CODES = {rule.code for rule in all_rules()}

# What keeps a machine from booting or provisioning, or Azure from taking its disk.
MUST_HAVE = (
    "VHD-01 VHD-02 VHD-03 VHD-04 VHD-05 VHD-06 PART-01 PART-02 PART-03 PART-04 PART-11 PART-12 "
    "PART-14 KERN-01 KERN-04 KERN-05 KERN-06 KERN-19 INIT-01 INIT-04 INIT-07 CMD-01 CMD-02 CMD-03 "
    "CMD-09 CMD-10 CMD-17 CMD-18 NET-01 NET-02 NET-03 NET-06 NET-07 NET-09 SEC-01 SEC-02 SEC-08 "
    "AGT-01 AGT-04 AGT-05 AGT-09 AGT-10 AGT-19 CI-01 CI-02 CI-03 CI-04 CI-05 CI-07 CI-09 CLEAN-01 "
    "CLEAN-02 CLEAN-08 NEW-02 NEW-12"
)


@pytest.mark.parametrize("statement", generate.statements(), ids=lambda one: str(one["number"]))
def test_every_statement_has_a_rule_or_a_reason(statement: generate.Statement) -> None:
    number = statement["number"]
    rules = [rule.code for rule in all_rules() if number in rule.article]
    assert bool(rules) is not (number in generate.beyond()), rules


def test_statements_are_numbered_as_the_rules_number_them() -> None:
    assert [one["number"] for one in generate.statements()] == list(range(1, 70))


def test_no_entry_is_both_a_rule_and_left_out() -> None:
    assert CODES & set(generate.left_out()) == set()


@pytest.mark.parametrize("code", MUST_HAVE.split())
def test_what_no_image_may_lack_is_a_rule_or_a_part_of_one(code: str) -> None:
    assert code in CODES or generate.left_out()[code]["rule"] in CODES


def test_nothing_is_left_for_later() -> None:
    reasons = {entry.get("reason", "") for entry in generate.left_out().values()}
    assert not any("still to be written" in reason for reason in reasons)


def test_what_is_left_out_says_why() -> None:
    for code, entry in generate.left_out().items():
        assert ("rule" in entry) is not ("reason" in entry), code
        assert entry.get("rule", next(iter(CODES))) in CODES, code
        assert entry["title"], code


# Seen in rehearsals; no entry of the catalogue of 338 says it.
_OURS = {"AGT-26", "CI-26", "NET-25", "SEC-23"}


def test_the_whole_catalogue_is_accounted_for() -> None:
    assert len((CODES | set(generate.left_out())) - _OURS) == 338


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
