"""Run rules over a subject: each ends as pass, fail, not applicable, not checked or error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bootworthy.model.errors import BootworthyError
from bootworthy.model.finding import Finding, Outcome, Violation
from bootworthy.model.report import RuleResult, Unreadable
from bootworthy.model.rule import RuleInfo
from bootworthy.rules.rule import NotCheckedError, Rule
from bootworthy.rules.subject import Subject

# A whole command line of a kernel is shown; what a hostile image holds instead is not.
_SHOWN = 500


def check_rules(rules: Iterable[Rule], subject: Subject) -> tuple[RuleResult, ...]:
    """The result of each rule; a rule that crashes is reported and the rest go on."""
    return tuple(check_rule(rule, subject) for rule in rules)


def check_rule(rule: Rule, subject: Subject) -> RuleResult:
    """The result of one rule."""
    try:
        if reason := rule.not_applicable(subject):
            return _ended(rule, Outcome.NOT_APPLICABLE, reason)
        violations = tuple(rule.check(subject))
    except NotCheckedError as error:
        return _ended(rule, Outcome.NOT_CHECKED, str(error))
    except BootworthyError as error:
        broken = Unreadable(code=error.code, message=error.message, hint=error.hint)
        return replace(_ended(rule, Outcome.NOT_CHECKED, str(error)), unreadable=broken)
    except Exception as error:  # noqa: BLE001 - a rule's bug must not hide the other findings
        return _ended(rule, Outcome.ERROR, f"{type(error).__name__}: {error}")
    findings = tuple(_finding(rule, violation) for violation in violations)
    outcome = Outcome.FAIL if findings else Outcome.PASS
    return replace(_ended(rule, outcome, ""), findings=findings)


def _ended(rule: Rule, outcome: Outcome, reason: str) -> RuleResult:
    return RuleResult(
        rule=rule.name, code=rule.code, outcome=outcome, reason=reason, about=about(rule)
    )


def about(rule: Rule) -> RuleInfo:
    """What a rule says of itself, for reports and listings."""
    return RuleInfo(
        severity=rule.severity,
        area=rule.area,
        summary=rule.summary,
        why=rule.why,
        article=rule.article,
        sources=rule.sources,
        deviation=rule.deviation,
        since=rule.since,
    )


def _finding(rule: Rule, violation: Violation) -> Finding:
    return Finding(
        rule=rule.name,
        code=rule.code,
        severity=violation.severity or rule.severity,
        message=_shortened(violation.message),
        place=violation.place,
        found=_shortened(violation.found),
        expected=_shortened(violation.expected),
        why=rule.why,
        fix=violation.fix,
        related=violation.related,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
