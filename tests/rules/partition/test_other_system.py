from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.rules.partition.other_system import check
from tests.disk.making import MIB
from tests.guest.engines.disks import Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject


def test_linux_alone_passes(healthy_image: Image) -> None:
    assert findings(check, subject(healthy(), image=healthy_image)) == ()


@pytest.mark.parametrize(
    "type_id",
    ["DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "48465300-0000-11AA-AA11-00306543ECAC"],
)
def test_a_partition_of_another(tmp_path: Path, opened: OpenImage, type_id: str) -> None:
    part = Part(kind="none", size=MIB, type_id=type_id)
    image = opened(disks.disk(tmp_path / "disk", (*disks.PARTS, part)))

    found = finding(check, subject(healthy(), image=image))

    assert found.severity is Severity.WARNING
    assert found.place.within == "partition 4"
    assert found.found.lower() == f"type {type_id.lower()}"
