"""Every diagnosis that only a boot makes is on the page that says what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from bootworthy.rehearsal.codes import BOOT_CODES
from bootworthy.rehearsal.signs import SIGNS
from bootworthy.rules import catalogue

PAGE = (Path(__file__).parents[2] / "docs/how-to/rehearsal-fails.md").read_text()


def test_every_diagnosis_is_documented_under_its_name() -> None:
    told = dict(re.findall(r"^(BT-\d\d) (\S+)$", PAGE, re.MULTILINE))

    assert told == {code.code: code.name for code in BOOT_CODES.values()}


def test_the_likeliest_rule_of_each_sign_is_named() -> None:
    likeliest = {sign.codes[0] for sign in SIGNS if not sign.codes[0].startswith("BT-")}

    assert {code for code in likeliest if code not in PAGE} == set()


def test_every_code_on_the_page_is_one() -> None:
    known = {rule.code for rule in catalogue.all_rules()} | set(BOOT_CODES)

    assert set(re.findall(r"\b[A-Z]{2,5}-\d\d\b", PAGE)) <= known
