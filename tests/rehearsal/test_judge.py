"""One reason is told once, with all that was seen of it."""

from __future__ import annotations

from bootworthy.model.finding import Finding
from bootworthy.model.rehearsal import MilestoneState
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.judge import Seen, judge
from bootworthy.rehearsal.outcome import Outcome
from bootworthy.rehearsal.scenario import Scenario
from tests.rehearsal.test_answers import CANDIDATE, GOOD, STATUS
from tests.rehearsal.test_diagnose import finding


def _console() -> Console:
    console = Console()
    console.feed(b"GRUB loading.\n[ 0.0] Linux version 6.1\nsystemd[1]: systemd 252\n", 1.0)
    return console


def _udf(code: str) -> Finding | None:
    return finding(code) if code == "KERN-04" else None


def test_two_milestones_that_one_rule_explains_are_one_diagnosis() -> None:
    outcome = Outcome(login=40.0, answers={**GOOD, "medium": "", "custom": ""})
    seen = Seen(console=_console(), events=(STATUS,), outcome=outcome)
    milestones, diagnoses = judge(CANDIDATE, Scenario(), seen, _udf)

    missed = [item.name for item in milestones if item.state is MilestoneState.MISSED]
    assert missed == ["provisioning-media", "custom-data"]
    assert [item.code for item in diagnoses] == ["KERN-04"]
    assert "provisioning medium read" in diagnoses[0].saw
    assert "custom data executed" in diagnoses[0].saw


def test_a_system_that_is_silent_on_the_port_is_a_diagnosis_of_its_own() -> None:
    outcome = Outcome(login=40.0, answers=GOOD)
    seen = Seen(console=Console(), events=(STATUS,), outcome=outcome)
    _, diagnoses = judge(CANDIDATE, Scenario(), seen, lambda _code: None)

    assert [item.code for item in diagnoses] == ["CMD-02"]
