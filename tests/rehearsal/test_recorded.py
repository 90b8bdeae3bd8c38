"""Recorded boots of broken images come to the diagnosis that they came to when they ran.

``tests.boot.failures`` tells how each was broken; ``python -m tests.boot.record`` records it anew.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.model.finding import Finding
from bootworthy.model.intent import Generation
from bootworthy.model.rehearsal import MilestoneState
from bootworthy.rehearsal.candidate import candidate_of
from bootworthy.rehearsal.codes import BOOT_CODES
from bootworthy.rehearsal.judge import judge
from bootworthy.rehearsal.scenario import Scenario
from bootworthy.work.opening import Reading, opened
from tests.boot import mutations
from tests.boot.failures import BY_NAME, Failure
from tests.rehearsal.recording import RECORDED, Recording
from tests.rehearsal.test_answers import CANDIDATE
from tests.rehearsal.test_diagnose import finding
from tests.work.prepared import prepared

GENERATIONS = {
    "bios": Generation.BIOS,
    "debian11-bios": Generation.BIOS,
    "uefi": Generation.UEFI,
}

# The longest wait is for a machine that says nothing after its kernel has started: Patience.
_LONGEST = 170


_RECORDED = [BY_NAME[path.name] for path in sorted(RECORDED.iterdir())]


def test_something_is_recorded() -> None:
    assert _RECORDED


@pytest.mark.parametrize("failure", _RECORDED, ids=lambda failure: failure.name)
def test_what_was_seen_leads_to_the_rule(failure: Failure) -> None:
    """The rules say nothing but what they have to: that the evidence asks them is the point."""
    asked: list[str] = []

    def _ask(code: str) -> Finding | None:
        asked.append(code)
        return finding(code) if code == failure.code else None

    recording = Recording.load(failure.name)
    seen = recording.seen(GENERATIONS[failure.guest])
    candidate = replace(CANDIDATE, generation=GENERATIONS[failure.guest])
    milestones, diagnoses = judge(candidate, Scenario(), seen, _ask)

    assert [item.code for item in diagnoses] == [failure.code]
    assert diagnoses[0].confirmed is (failure.code not in BOOT_CODES)
    missed = [item.name for item in milestones if item.state is MilestoneState.MISSED]
    assert failure.missed in (missed[0], None)
    assert all(item.saw.isprintable() for item in diagnoses)
    assert all(item.evidence.isprintable() for item in milestones)
    ended = max(recording.lines[-1][0], seen.outcome.settled or 0.0)
    assert recording.now < ended + _LONGEST


@pytest.mark.guest
@pytest.mark.parametrize("failure", _RECORDED, ids=lambda failure: failure.name)
def test_the_image_itself_confirms_the_rule(failure: Failure, tmp_path: Path) -> None:
    """The recorded boot, and the image broken anew: rules look at it as after a real boot."""
    image = mutations.copy_of(prepared(failure.guest, "--remove-users").vhd, tmp_path / "out.vhd")
    failure.mutate(image)
    from bootworthy.verbs.rehearse import asker

    with opened(image, None, Reading()) as subject:
        assert subject.image is not None
        candidate = candidate_of(image, subject.image, subject.guest)
        seen = Recording.load(failure.name).seen(candidate.generation)
        _, diagnoses = judge(candidate, Scenario(), seen, asker(subject, None))

    assert [item.code for item in diagnoses] == [failure.code]
    assert diagnoses[0].confirmed is (failure.code not in BOOT_CODES)
