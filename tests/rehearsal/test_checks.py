"""Questions of plugins to the booted guest, asked of a guest that answers as told."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from bootworthy.model.plugins import Added
from bootworthy.model.rehearsal import MilestoneState
from bootworthy.rehearsal.checks import ProvisioningCheck, ask, with_checks
from bootworthy.rehearsal.ssh import Answer
from tests.report.samples import verdict

CHECK = ProvisioningCheck(
    code="ACME-02",
    name="clock-in-utc",
    title="the clock is in UTC",
    question="printf 'it'\"'\"'s %s\\n' \"$((40 + 2))\"",
    judge=lambda answer: "" if answer == "it's 42\n" else f"it is {answer.strip()}",
    why="Logs are compared.",
    fix="set it",
)
ADDED = Added(what=CHECK, origin="acme 1.0")


class _Shell:
    """A client whose guest is a shell of this machine."""

    def run(self, command: str, limit: float) -> Answer:
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=False, timeout=limit
        )
        return Answer(status=done.returncode, output=done.stdout)


class _Silent:
    def run(self, command: str, limit: float) -> Answer:
        del command, limit
        return Answer(status=None, output="", complaint="connection reset")


def test_a_question_reaches_the_guests_shell_as_it_was_written() -> None:
    assert ask(_Shell(), (ADDED,)) == {"clock-in-utc": "it's 42\n"}  # type: ignore[arg-type]


def test_a_good_answer_is_one_more_milestone() -> None:
    passed = verdict(passed=True)
    judged = with_checks(passed, (ADDED,), {"clock-in-utc": "it's 42\n"})

    assert judged.passed
    assert judged.milestones[:-1] == passed.milestones
    assert judged.milestones[-1].state is MilestoneState.REACHED
    assert judged.milestones[-1].evidence == "checked by acme 1.0"


def test_a_bad_answer_fails_the_rehearsal_with_the_checks_own_reason() -> None:
    judged = with_checks(verdict(passed=True), (ADDED,), {"clock-in-utc": "late"})
    (why,) = judged.diagnoses

    assert not judged.passed
    assert (why.code, why.rule, why.where) == ("ACME-02", "clock-in-utc", "guest")
    assert why.saw == "the clock is in UTC: it is late"
    assert why.fix == "set it"


def test_no_answer_decides_nothing() -> None:
    assert ask(_Silent(), (ADDED,)) == {}  # type: ignore[arg-type]
    judged = with_checks(verdict(passed=True), (ADDED,), {})

    assert judged.passed
    assert judged.milestones[-1].state is MilestoneState.NOT_ASKED


def test_a_check_that_crashes_is_told_and_decides_nothing() -> None:
    crashing = replace(CHECK, judge=lambda answer: str(int(answer)))
    added = Added(what=crashing, origin="acme 1.0")
    judged = with_checks(verdict(passed=True), (added,), {"clock-in-utc": "late"})

    assert judged.passed
    assert "the check of acme 1.0 crashed: ValueError" in judged.milestones[-1].evidence


@pytest.mark.parametrize("length", [10, 1_000_000])
def test_evidence_is_bounded(length: int) -> None:
    judged = with_checks(verdict(passed=True), (ADDED,), {"clock-in-utc": "x" * length})

    assert len(judged.milestones[-1].evidence) <= 300
