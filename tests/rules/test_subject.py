from __future__ import annotations

import datetime as dt

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.errors import InternalError
from bootworthy.model.intent import Architecture, Generation, Intent
from bootworthy.rules.subject import Subject
from tests.rules.healthy import ARM64, elf, healthy
from tests.rules.making import Entry, subject

BIOS, UEFI = Generation.BIOS, Generation.UEFI


def test_a_rule_that_forgot_its_condition_is_a_bug() -> None:
    with pytest.raises(InternalError, match="asked for the image"):
        _ = subject(healthy()).disk
    with pytest.raises(InternalError, match="asked for the guest"):
        _ = subject().linux


def test_the_user_chooses_the_generation(healthy_image: Image) -> None:
    assert subject(image=healthy_image).generations == {BIOS, UEFI}
    intent = Intent(generation=UEFI)
    assert subject(image=healthy_image, intent=intent).generations == {UEFI}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {BIOS}),
        ({"/boot/grub/i386-pc": None}, set()),
        ({"/boot/grub/i386-pc": None, "/boot/grub2/i386-pc/core.img": "core"}, {BIOS}),
        ({"/boot/efi/EFI/debian/grubx64.efi": "loader"}, {BIOS, UEFI}),
        ({"/boot/grub/i386-pc": None, "/efi/EFI/BOOT/BOOTX64.EFI": "loader"}, {UEFI}),
    ],
)
def test_a_file_tree_tells_its_generations(
    changes: dict[str, Entry | None], expected: set[Generation]
) -> None:
    assert subject(healthy(changes)).generations == expected


def test_nothing_tells_none() -> None:
    assert subject().generations == frozenset()


def test_the_architecture_is_x64_unless_told() -> None:
    assert subject().architecture is Architecture.X64
    assert subject(healthy({"/usr/bin/dash": "#!"})).architecture is Architecture.X64
    assert subject(healthy({"/usr/bin/dash": elf(ARM64)})).architecture is Architecture.ARM64


def test_ages_are_told_by_now() -> None:
    before = dt.datetime.now(dt.UTC)
    assert before <= Subject().now <= dt.datetime.now(dt.UTC)
