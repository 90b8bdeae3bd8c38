from __future__ import annotations

from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.partition.raid_on_os_disk import check
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject


def test_plain_partitions_pass(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_a_member_is_reported(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, Part(kind="none", size=2 * MIB)))
    disks.make_raid_member(path, 24 * MIB)

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.WARNING
    assert found.message == "partition 4 is a member of a software RAID"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
