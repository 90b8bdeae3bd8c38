from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Outcome, Place, Severity, Violation
from bootworthy.model.report import Report
from bootworthy.rules.rule import Check, NotCheckedError, Rule
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rule, check_rules


def _rule(check: Check, **changes: object) -> Rule:
    settings: dict[str, object] = {
        "code": "VHD-99",
        "name": "sample",
        "severity": Severity.WARNING,
        "summary": "s",
        "why": "because",
        "check": check,
        "area": "sample",
    }
    return Rule(**(settings | changes))  # type: ignore[arg-type]


def _raising(error: Exception) -> Check:
    def check(_subject: Subject) -> Iterator[Violation]:
        raise error

    return check


def _violation(severity: Severity | None = None) -> Violation:
    return Violation(message="m", place=Place("/p", 3), found="f", expected="e", severity=severity)


def test_a_violation_becomes_a_finding_with_the_rules_name_and_severity() -> None:
    result = check_rule(_rule(lambda _subject: [_violation()]), Subject())

    assert result.outcome is Outcome.FAIL
    (finding,) = result.findings
    assert (finding.rule, finding.code, finding.why) == ("sample", "VHD-99", "because")
    assert finding.severity is Severity.WARNING


def test_a_violation_may_be_milder_or_worse_than_its_rule() -> None:
    result = check_rule(_rule(lambda _subject: [_violation(Severity.ERROR)]), Subject())

    assert result.findings[0].severity is Severity.ERROR


def test_nothing_yielded_is_a_pass() -> None:
    assert check_rule(_rule(lambda _subject: []), Subject()).outcome is Outcome.PASS


def test_a_condition_that_does_not_hold_is_quoted() -> None:
    rule = _rule(lambda _subject: [_violation()], when=(lambda _subject: "no disk here",))

    result = check_rule(rule, Subject())

    assert (result.outcome, result.reason) == (Outcome.NOT_APPLICABLE, "no disk here")


def test_a_rule_that_cannot_look_is_not_checked() -> None:
    check = _raising(NotCheckedError("no version"))

    result = check_rule(_rule(check), Subject())

    assert (result.outcome, result.reason) == (Outcome.NOT_CHECKED, "no version")
    assert result.unreadable is None


def test_a_broken_guest_file_is_told_with_its_code_and_hint() -> None:
    check = _raising(GuestError("guest-file-corrupt", "/etc/x: garbage", hint="mend it"))

    result = check_rule(_rule(check), Subject())

    assert result.outcome is Outcome.NOT_CHECKED
    assert result.unreadable is not None
    assert result.unreadable.code == "guest-file-corrupt"
    assert result.unreadable.hint == "mend it"


def test_a_rule_that_crashes_is_reported_and_the_others_go_on() -> None:
    crash = _raising(ZeroDivisionError("oops"))

    results = check_rules([_rule(crash), _rule(lambda _subject: [])], Subject())

    assert [result.outcome for result in results] == [Outcome.ERROR, Outcome.PASS]
    assert results[0].reason == "ZeroDivisionError: oops"
    report = Report(command="check", version="0", subject="x", results=results, seconds=0)
    assert report.reaches(Severity.ERROR)


def test_what_a_hostile_image_holds_is_cut_short() -> None:
    long = Violation(message="m" * 600, place=Place("/p"), found="f" * 500, expected="e" * 10_000)

    (finding,) = check_rule(_rule(lambda _subject: [long]), Subject()).findings

    assert finding.message == "m" * 499 + "…"
    assert finding.found == "f" * 500
    assert len(finding.expected) == 500
