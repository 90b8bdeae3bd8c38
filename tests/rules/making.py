"""Subjects for rules, made in memory, and what a rule finds in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from bootworthy.disk.image import Image
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Finding, Outcome
from bootworthy.model.intent import Intent
from bootworthy.model.report import RuleResult
from bootworthy.rules.rule import Rule
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rule
from tests.guest.memory import MemoryTree, Node

Entry = str | bytes | Node
"""What a path of a guest holds: text, bytes, or a node with its owner and mode."""

Files = Mapping[str, Entry]

NOW = dt.datetime(2024, 12, 1, tzinfo=dt.UTC)
"""When every subject is looked at: ages and ends of support are told by it."""


def guest(files: Files, *, esp: Files | None = None, root_partition: int | None = None) -> Guest:
    """A guest of these files; ``esp`` holds those of its EFI system partition."""
    return Guest(
        MemoryTree(files),
        esp_tree=None if esp is None else MemoryTree(esp),
        root_partition=root_partition,
    )


def subject(
    files: Files | None = None,
    *,
    image: Image | None = None,
    intent: Intent | None = None,
    esp: Files | None = None,
    root_partition: int | None = None,
    live: bool = False,
    now: dt.datetime = NOW,
) -> Subject:
    """What a rule looks at; there is no guest without ``files``, and no disk without ``image``."""
    return Subject(
        intent=intent or Intent(),
        image=image,
        guest=None if files is None else guest(files, esp=esp, root_partition=root_partition),
        live=live,
        now=now,
    )


def result(rule: Rule, subject: Subject) -> RuleResult:
    """What became of a rule, which must not have crashed."""
    found = check_rule(rule, subject)
    assert found.outcome is not Outcome.ERROR, f"{rule.code} crashed: {found.reason}"
    return found


def findings(rule: Rule, subject: Subject) -> tuple[Finding, ...]:
    """What a rule that applies found."""
    found = result(rule, subject)
    assert found.outcome in (Outcome.PASS, Outcome.FAIL), f"{rule.code}: {found.reason}"
    return found.findings


def finding(rule: Rule, subject: Subject) -> Finding:
    """The one thing that a rule found."""
    found = findings(rule, subject)
    assert len(found) == 1, f"{rule.code} found {len(found)} things: {found}"
    return found[0]


def not_applicable(rule: Rule, subject: Subject) -> str:
    """Why a rule does not apply, which it must not."""
    found = result(rule, subject)
    assert found.outcome is Outcome.NOT_APPLICABLE, f"{rule.code}: {found.outcome}"
    assert found.reason
    return found.reason


def not_checked(rule: Rule, subject: Subject) -> str:
    """Why a rule could not look, which it must not have been able to."""
    found = result(rule, subject)
    assert found.outcome is Outcome.NOT_CHECKED, f"{rule.code}: {found.outcome}"
    return found.reason
