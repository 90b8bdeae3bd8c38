from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.partition.core_image_long import check
from tests.disk.making import patch
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject

BIOS = Intent(generation=Generation.BIOS)


def with_blocks(path: Path, start: int, count: int) -> Path:
    """A disk whose core image has one more piece, listed at the end of its first sector."""
    disks.mbr_disk(path)
    patch(path, 1024 - 12, struct.pack("<QHH", start, count, 0x820))
    return path


@pytest.mark.parametrize(("start", "count"), [(2, 126), (129, 10)])
def test_what_leaves_the_place_free_passes(
    tmp_path: Path, opened: OpenImage, start: int, count: int
) -> None:
    image = opened(with_blocks(tmp_path / "disk", start, count))
    assert findings(check, subject(image=image, intent=BIOS)) == ()


@pytest.mark.parametrize(("start", "count"), [(2, 127), (128, 1)])
def test_what_lies_there(tmp_path: Path, opened: OpenImage, start: int, count: int) -> None:
    image = opened(with_blocks(tmp_path / "disk", start, count))
    found = finding(check, subject(image=image, intent=BIOS))

    assert found.severity is Severity.NOTE
    assert found.found == f"sectors {start} to {start + count - 1}"
    assert found.expected == "nothing at sector 128"


def test_a_bios_boot_partition_is_elsewhere(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(disks.disk(tmp_path / "disk"))
    assert findings(check, subject(image=image, intent=BIOS)) == ()
