from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.partition.no_boot_loader import check
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject


@pytest.mark.parametrize("generation", [None, *Generation])
def test_a_disk_that_boots_both_ways_passes(
    healthy_image: Image, generation: Generation | None
) -> None:
    intent = Intent(generation=generation)
    assert findings(check, subject(image=healthy_image, intent=intent)) == ()


def test_the_other_generation_was_asked_for(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(disks.mbr_disk(tmp_path / "disk"))
    assert findings(check, subject(image=image)) == ()

    found = finding(check, subject(image=image, intent=Intent(generation=Generation.UEFI)))

    assert found.severity is Severity.ERROR
    assert found.message == "the disk boots as generation 1 only"
    assert found.expected == "generation 2"


def test_a_disk_that_does_not_boot(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(disks.mbr_disk(tmp_path / "disk", grub=0))

    found = finding(check, subject(image=image))

    assert found.severity is Severity.ERROR
    assert found.message == "the disk has no boot loader"
    assert found.found == "boots as neither"
    assert found.expected == "generation 1 (BIOS) or 2 (UEFI)"
