"""The false-alarm guard: a guest that has everything Azure asks for is told nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.model.finding import Outcome
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rules
from tests.rules import disks
from tests.rules.healthy import esp, healthy
from tests.rules.making import subject

_FOR_OTHERS = {
    *("arm-console-missing", "agent-swap-not-set", "state-mismatch"),
    *("boot-loader-unsigned", "nvme-driver-missing", "other-architecture"),
    *("nvme-timeout-wrong", "disk-names-missing", "module-unsigned", "shim-outdated"),
}
"""Rules about other images than a generalized x64 one whose swap cloud-init looks after."""


def words(subject: Subject) -> list[str]:
    """What every rule has to say about a subject."""
    results = check_rules(all_rules(), subject)
    crashed = [f"{item.code}: {item.reason}" for item in results if item.outcome is Outcome.ERROR]
    unseen = [item.code for item in results if item.outcome is Outcome.NOT_CHECKED]
    found = [f"{item.code}: {one.message}" for item in results for one in item.findings]
    return crashed + unseen + found


def test_a_healthy_image_has_no_findings(tmp_path: Path) -> None:
    with open_image(disks.vhd(tmp_path / "healthy.vhd")) as image:
        whole = subject(healthy(), image=image, esp=esp(), root_partition=disks.ROOT_NUMBER)
        assert words(whole) == []

        results = check_rules(all_rules(), whole)
        passed = {item.rule for item in results if item.outcome is Outcome.PASS}
        assert {rule.name for rule in all_rules()} - passed == _FOR_OTHERS


@pytest.mark.parametrize("generation", list(Generation))
def test_a_healthy_image_is_fit_for_either_generation(
    tmp_path: Path, generation: Generation
) -> None:
    intent = Intent(generation=generation)
    with open_image(disks.vhd(tmp_path / "healthy.vhd")) as image:
        whole = subject(
            healthy(), image=image, esp=esp(), intent=intent, root_partition=disks.ROOT_NUMBER
        )
        assert words(whole) == []


def test_a_healthy_file_tree_has_no_findings() -> None:
    assert words(subject(healthy())) == []


def test_a_healthy_disk_with_an_mbr_has_no_findings(tmp_path: Path) -> None:
    path = disks.seal(disks.mbr_disk(tmp_path / "healthy.vhd"))
    with open_image(path) as image:
        assert words(subject(healthy(), image=image, root_partition=1)) == []
