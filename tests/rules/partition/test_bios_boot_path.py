from __future__ import annotations

from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.partition.bios_boot_path import check
from tests.disk.making import patch
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, not_applicable, subject

BIOS = Intent(generation=Generation.BIOS)


def look(path: Path, opened: OpenImage) -> Finding:
    return finding(check, subject(image=opened(path), intent=BIOS))


def test_grub_on_a_gpt_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_grub_behind_an_mbr_passes(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(disks.mbr_disk(tmp_path / "disk"))
    assert findings(check, subject(image=image)) == ()


def test_an_empty_boot_sector(tmp_path: Path, opened: OpenImage) -> None:
    found = look(disks.disk(tmp_path / "disk", grub=0), opened)

    assert found.severity is Severity.ERROR
    assert found.message == "the first sector holds no boot code"
    assert found.found == "none, signed"
    assert found.place.within == "sector 0"


def test_a_core_image_that_is_gone(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.mbr_disk(tmp_path / "disk")
    patch(path, 512, bytes(512))

    assert look(path, opened).message == "GRUB's core image is not at sector 1"


def test_a_core_image_outside_the_boot_partition_of_a_gpt(
    tmp_path: Path, opened: OpenImage
) -> None:
    path = disks.disk(tmp_path / "disk", grub=40)
    assert look(path, opened).message.startswith("GRUB's core image is not in a BIOS boot")


def test_boot_code_that_starts_an_empty_partition(tmp_path: Path, opened: OpenImage) -> None:
    parts = (Part(kind="none", size=20 * MIB, type_id="83"),)
    path = disks.disk(tmp_path / "disk", parts, label="dos", grub=0)
    patch(path, 0, b"\xfa\x31\xc0")

    found = look(path, opened)

    assert found.message == "the first sector starts the active partition, and none holds boot code"


def test_boot_code_that_starts_a_partition_with_code_passes(
    tmp_path: Path, opened: OpenImage
) -> None:
    parts = (Part(kind="none", size=20 * MIB, type_id="83"),)
    path = disks.disk(tmp_path / "disk", parts, label="dos", grub=0)
    patch(path, 0, b"\xfa\x31\xc0")
    patch(path, 446, b"\x80")
    patch(path, MIB, b"\xeb\x58\x90" + bytes(507) + b"\x55\xaa")

    assert findings(check, subject(image=opened(path))) == ()


def test_generation_2_does_not_need_it(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(disks.disk(tmp_path / "disk", grub=0))
    assert not_applicable(check, subject(image=image)) == "not a generation 1 image"
