"""What the guest's answers say of the machine that was asked for."""

from __future__ import annotations

import subprocess

import pytest

from bootworthy.model.rehearsal import MilestoneState
from bootworthy.rehearsal.disks import DATA_SIZE
from bootworthy.rehearsal.hardware import QUESTIONS, milestones
from bootworthy.rehearsal.outcome import Outcome
from bootworthy.rehearsal.scenario import Scenario

LARGE = Scenario(nics=2, data_disks=3, trusted_launch=True)


def test_the_least_machine_has_nothing_to_ask() -> None:
    assert list(milestones(Scenario(), Outcome(answers={"nics": "1"}))) == []


@pytest.mark.parametrize(
    ("answers", "states"),
    [
        (
            {"nics": "2", "data_disks": "3", "secure_boot": "1", "tpm": "2"},
            "reached,reached,reached,reached",
        ),
        (
            {"nics": "1", "data_disks": "2", "secure_boot": "0", "tpm": ""},
            "missed,missed,missed,not asked",
        ),
        ({"nics": "2", "data_disks": "0"}, "reached,not asked,missed,not asked"),
    ],
)
def test_what_is_there_is_counted(answers: dict[str, str], states: str) -> None:
    found = [item.state for item in milestones(LARGE, Outcome(answers=answers, has_tpm=True))]

    assert found == [MilestoneState(word) for word in states.split(",")]


def test_a_machine_without_swtpm_is_not_blamed_for_it() -> None:
    outcome = Outcome(answers={"secure_boot": "1"}, settled=1.0)
    tpm = list(milestones(Scenario(trusted_launch=True), outcome))[-1]

    assert (tpm.name, tpm.state) == ("tpm", MilestoneState.NOT_ASKED)
    assert tpm.evidence == "swtpm is not installed here"


def test_the_shell_counts_whole_disks_of_that_size_alone() -> None:
    fake = f"lsblk() {{ printf '  %s\\n' {DATA_SIZE} {DATA_SIZE}0 1 {DATA_SIZE}; }}"
    say = 'say() { echo "$1=$2"; }'
    done = subprocess.run(
        ["sh", "-c", f"{fake}\n{say}\n{QUESTIONS}"], check=True, capture_output=True, text=True
    )

    assert "data_disks=2" in done.stdout.splitlines()
