from __future__ import annotations

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.intent import Generation, Intent, OsState
from bootworthy.rules import conditions
from bootworthy.rules.rule import Condition
from bootworthy.rules.subject import Subject
from tests.rules.healthy import ARM64, elf, healthy
from tests.rules.making import subject

SPECIALIZED = Intent(os_state=OsState.SPECIALIZED)
BIOS, UEFI = Intent(generation=Generation.BIOS), Intent(generation=Generation.UEFI)


@pytest.mark.parametrize(
    ("condition", "whole"),
    [
        (conditions.has_guest, subject({})),
        (conditions.generalized, subject()),
        (conditions.specialized, subject(intent=SPECIALIZED)),
        (conditions.bios, subject(intent=BIOS)),
        (conditions.uefi, subject(intent=UEFI)),
        (conditions.x64, subject()),
        (conditions.with_packages, subject(healthy())),
        (conditions.with_agent, subject(healthy())),
        (conditions.with_cloud_init, subject(healthy())),
        (conditions.with_kernels, subject(healthy())),
    ],
)
def test_a_condition_that_holds_says_nothing(condition: Condition, whole: Subject) -> None:
    assert condition(whole) == ""


@pytest.mark.parametrize(
    ("condition", "whole", "reason"),
    [
        (conditions.has_image, subject({}), "there is no disk image, only a file tree"),
        (conditions.has_guest, subject(), "there is no guest"),
        (
            conditions.generalized,
            subject(intent=SPECIALIZED),
            "the image is specialized: its identity stays",
        ),
        (conditions.specialized, subject(), "the image is generalized"),
        (conditions.bios, subject(intent=UEFI), "not a generation 1 image"),
        (conditions.uefi, subject(intent=BIOS), "not a generation 2 image"),
        (conditions.x64, subject(healthy({"/usr/bin/dash": elf(ARM64)})), "the guest is not x64"),
        (conditions.with_packages, subject(), "there is no guest"),
        (
            conditions.with_packages,
            subject({}),
            "the guest has no package database of a known kind",
        ),
        (conditions.with_agent, subject(), "there is no guest"),
        (conditions.with_agent, subject({}), "the agent is not installed"),
        (conditions.with_cloud_init, subject({}), "cloud-init is not installed"),
        (conditions.with_kernels, subject({}), "the guest has no kernel"),
    ],
)
def test_one_that_does_not_says_why(condition: Condition, whole: Subject, reason: str) -> None:
    assert condition(whole) == reason


def test_an_image_is_there(healthy_image: Image) -> None:
    assert conditions.has_image(subject(image=healthy_image)) == ""
