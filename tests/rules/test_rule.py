"""A rule made here, whose summary is this line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from bootworthy.model.errors import InternalError
from bootworthy.model.finding import Outcome, Place, Severity, Violation
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import Check, Rule, rule
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rule
from tests.rules.making import finding, findings, not_applicable, subject


def made(check: Check) -> Rule:
    """A rule of a check."""
    decorate = rule(
        code="TEST-01",
        name="test-problem",
        severity=Severity.WARNING,
        why="It is a test.",
        when=(generalized, has_guest),
        article=(1,),
        sources=("https://example.org/",),
    )
    return decorate(check)


@made
def one(subject: Subject) -> Iterator[Violation]:
    """Nothing is there."""
    for name in subject.linux.tree.names("/"):
        yield Violation(
            message=f"{name} is there", place=Place("/"), found=name, expected="nothing"
        )


def test_a_rule_knows_itself() -> None:
    assert one.summary == "A rule made here, whose summary is this line."
    assert one.area == "rules"
    assert (one.code, one.name, one.article) == ("TEST-01", "test-problem", (1,))


def test_the_first_reason_counts() -> None:
    assert one.not_applicable(subject()) == "there is no guest"
    assert not_applicable(one, subject()) == "there is no guest"
    assert one.not_applicable(subject({})) == ""


def test_violations_become_findings() -> None:
    assert findings(one, subject({})) == ()

    found = finding(one, subject({"/etc/hostname": "web01\n"}))

    assert (found.rule, found.code, found.severity) == (one.name, one.code, Severity.WARNING)
    assert (found.message, found.why) == ("etc is there", "It is a test.")


def test_a_rule_that_crashes_is_told() -> None:
    def crash(subject: Subject) -> Iterator[Violation]:
        raise ZeroDivisionError(str(subject.live))

    crash.__module__ = one.check.__module__
    result = check_rule(made(crash), subject({}))

    assert result.outcome is Outcome.ERROR
    assert result.reason == "ZeroDivisionError: False"


def test_a_rule_needs_a_docstring_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(subject: Subject) -> Iterator[Violation]:
        yield from one.check(subject)

    bare = ModuleType("bare.module")
    monkeypatch.setitem(sys.modules, "bare.module", bare)
    check.__module__ = "bare.module"
    with pytest.raises(InternalError, match=r"bare\.module has no docstring"):
        made(check)
