from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.partition.esp_missing import check
from tests.guest.engines.disks import ESP_TYPE, MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import findings, not_applicable, subject

UEFI = Intent(generation=Generation.UEFI)


def look(path: Path, opened: OpenImage) -> tuple[Finding, ...]:
    return findings(check, subject(image=opened(path), intent=UEFI))


def test_one_with_fat_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_there_is_none(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (disks.BIOS_BOOT, disks.ROOT))

    (found,) = look(path, opened)

    assert found.severity is Severity.ERROR
    assert found.message == "there is no EFI system partition with FAT"
    assert found.found == "no such partition"


@pytest.mark.parametrize(("kind", "word"), [("none", "nothing known"), ("ext4", "ext4")])
def test_it_holds_something_else(tmp_path: Path, opened: OpenImage, kind: str, word: str) -> None:
    wrong = Part(kind=kind, size=4 * MIB, type_id=ESP_TYPE)
    path = disks.disk(tmp_path / "disk", (disks.BIOS_BOOT, wrong, disks.ROOT))

    (found,) = look(path, opened)

    assert found.severity is Severity.ERROR
    assert found.found == f"an EFI system partition with {word}"


def test_two_of_them(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (disks.ESP, disks.ESP, disks.ROOT))

    (found,) = look(path, opened)

    assert found.severity is Severity.WARNING
    assert found.found == "partitions 1, 2"


def test_one_on_an_mbr(tmp_path: Path, opened: OpenImage) -> None:
    esp = Part(kind="vfat", size=4 * MIB, type_id="ef")
    root = Part(kind="ext4", size=18 * MIB, type_id="83")
    path = disks.mbr_disk(tmp_path / "disk", (esp, root), grub=0)

    (found,) = look(path, opened)

    assert found.severity is Severity.WARNING
    assert found.message == "the EFI system partition is on a disk without GPT"
    assert found.found == "MBR"


def test_generation_1_does_not_need_it(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(disks.mbr_disk(tmp_path / "disk"))
    assert not_applicable(check, subject(image=image)) == "not a generation 2 image"
