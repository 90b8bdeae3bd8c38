from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.rules.partition.first_mib_used import check
from tests.disk.making import patch
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject


def test_a_free_mib_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


@pytest.mark.parametrize("sector", [63, 2047])
def test_a_partition_of_the_days_of_cylinders(
    tmp_path: Path, opened: OpenImage, sector: int
) -> None:
    path = disks.mbr_disk(tmp_path / "disk")
    patch(path, 446 + 8, struct.pack("<I", sector))

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.WARNING
    assert (found.found, found.place.within) == (f"sector {sector}", "partition 1")
