"""What rules ask for, carried out: the finding is gone, and nothing new has come."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from bootworthy.disk.image import Image, open_image
from bootworthy.guest.recording import RecordingTree
from bootworthy.guest.tree import WritableTree
from bootworthy.model.finding import Finding, Safety
from bootworthy.model.plan import ChangeKind
from bootworthy.model.steps import Phase, Plane
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rules
from bootworthy.work.rounds import Rounds
from bootworthy.work.target import ApplyOptions, InitramfsWay, Target
from tests.rules import disks
from tests.rules.dirtiest import subjects
from tests.rules.healthy import esp, healthy
from tests.rules.making import subject

# What a guest's own program has to do: update-initramfs, update-grub. And what shows only when
# cloud-init was switched on, which comes last.
_LEFT = {"INIT-07", "CMD-09", "AGT-09"}


def findings(subject: Subject) -> list[Finding]:
    results = check_rules(all_rules(), subject)
    return [one for item in results for one in item.findings]


def target_of(subject: Subject) -> Target:
    """Writes the guest in memory; no program runs."""
    tree, esp_tree = subject.linux.tree, subject.linux.esp_tree
    assert isinstance(tree, WritableTree)
    return Target(
        tree=RecordingTree(tree),
        esp=RecordingTree(esp_tree) if isinstance(esp_tree, WritableTree) else None,
        runner=None,
        options=ApplyOptions(initramfs=InitramfsWay.APPEND),
        root="/",
        root_partition=subject.linux.root_partition,
    )


def mend(subject: Subject) -> tuple[Subject, Rounds]:
    """The guest after all that can be done to it, and what that was."""
    target = target_of(subject)
    rounds = Rounds(rules=all_rules(), intent=subject.intent, target=target, image=subject.image)
    rounds.run(check_rules(all_rules(), subject))
    return replace(subject, guest=target.guest), rounds


def is_promised(finding: Finding) -> bool:
    """Whether its fix needs neither a person nor the disk nor programs of the guest."""
    fix = finding.fix
    if fix is None or fix.safety is not Safety.SAFE:
        return False
    return not any(step.phase is Phase.DISK or step.plane is Plane.RUN for step in fix.steps)


@pytest.fixture(scope="module", params=range(14))
def mended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Subject, list[Finding], Subject]:
    """One of the dirtiest guests: before, what was promised, and after."""
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("mended")
        every = subjects(directory, lambda path: stack.enter_context(open_image(path)))
        assert len(every) == 14
        before = every[request.param]
        promised = [one for one in findings(before) if is_promised(one)]
        after, _ = mend(before)
        left = [one for one in findings(after) if is_promised(one)]
        assert {one.code for one in left} <= _LEFT, left
        return before, promised, after


def test_what_was_promised_is_done(
    mended: tuple[Subject, list[Finding], Subject],
) -> None:
    _, promised, after = mended
    still = {one.fingerprint for one in findings(after)}
    assert [
        one.code for one in promised if one.fingerprint in still and one.code not in _LEFT
    ] == []


def test_a_second_time_changes_nothing(
    mended: tuple[Subject, list[Finding], Subject],
) -> None:
    *_, after = mended
    _, rounds = mend(after)
    done = [item for item in rounds.changes if item.kind is not ChangeKind.SKIPPED]
    assert [item for item in done if not set(item.rules) <= _LEFT] == []


def test_a_healthy_guest_is_left_alone(healthy_image: Image) -> None:
    whole = subject(healthy(), image=healthy_image, esp=esp(), root_partition=disks.ROOT_NUMBER)

    after, rounds = mend(whole)

    assert rounds.planned == []
    assert rounds.changes == []
    assert findings(after) == []
