"""What tests of clean-up rules share: a path that is left is removed, others stay."""

from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.rule import Rule
from tests.guest.memory import MemoryTree
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject


def assert_passes(rule: Rule, *others: str) -> None:
    """Neither the healthy guest nor one with ``others`` in it is told anything."""
    assert findings(rule, subject(healthy())) == ()
    for path in others:
        assert findings(rule, subject(healthy({path: "x"}))) == (), path


def assert_removed(rule: Rule, path: str, severity: Severity = Severity.NOTE) -> None:
    """The path is the finding, and its fix matches it."""
    found = finding(rule, subject(healthy({path: "x"})))
    assert found.severity is severity
    assert (found.place.path, found.found) == (path, path)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert any(MemoryTree({path: "x"}).glob(pattern) for pattern in step.patterns)


def assert_kept_when_specialized(rule: Rule, path: str) -> None:
    """An image that is one machine's keeps what is the machine's."""
    one = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(rule, subject(healthy({path: "x"}), intent=one))
