from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.partition.members_missing import check
from tests.disk.making import MIB, patch
from tests.guest.engines.disks import Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject

SPARE = Part(kind="none", size=2 * MIB)
START = 24 * MIB


def array(path: Path, level: int, members: int) -> Path:
    """A disk with one member of an array."""
    disks.disk(path, (*disks.PARTS, SPARE))
    disks.make_raid_member(path, START)
    patch(path, START + 72, level.to_bytes(4, "little", signed=True))
    patch(path, START + 92, bytes([members]))
    return path


def test_file_systems_of_one_partition_pass(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


@pytest.mark.parametrize(
    ("level", "severity"), [(0, Severity.ERROR), (-1, Severity.ERROR), (1, Severity.WARNING)]
)
def test_an_array_with_a_member_elsewhere(
    tmp_path: Path, opened: OpenImage, level: int, severity: Severity
) -> None:
    found = finding(check, subject(image=opened(array(tmp_path / "disk", level, 2))))

    assert found.severity is severity
    assert (found.found, found.place.within) == ("1 of 2 members", "partition 4")
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_an_array_of_one(tmp_path: Path, opened: OpenImage) -> None:
    assert findings(check, subject(image=opened(array(tmp_path / "disk", 1, 1)))) == ()
