from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Profile
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.profiles import CERTIFIED, rules_for


def test_azure_asks_everything() -> None:
    assert rules_for(Profile.AZURE) == all_rules()


def test_the_article_asks_what_it_says() -> None:
    asked = rules_for(Profile.ARTICLE)

    assert {number for rule in asked for number in rule.article} >= set(range(1, 67))
    assert all(rule.article for rule in asked)
    assert {rule.code for rule in all_rules()} - {rule.code for rule in asked} >= {"NET-09"}


def test_the_marketplace_refuses_what_certification_refuses() -> None:
    asked = {rule.code: rule for rule in rules_for(Profile.MARKETPLACE)}

    assert set(asked) >= CERTIFIED
    assert {asked[code].severity for code in CERTIFIED} == {Severity.ERROR}
    others = {rule.code: rule for rule in all_rules() if rule.code not in CERTIFIED}
    assert all(asked[code] == rule for code, rule in others.items())
    assert list(asked) == [rule.code for rule in all_rules()]
