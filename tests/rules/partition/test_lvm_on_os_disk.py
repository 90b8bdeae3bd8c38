from __future__ import annotations

from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.partition.lvm_on_os_disk import check
from tests.disk.making import patch
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject


def test_plain_partitions_pass(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_a_physical_volume_is_reported(tmp_path: Path, opened: OpenImage) -> None:
    volume = Part(kind="none", size=2 * MIB)
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, volume))
    disks.make_physical_volume(path, 24 * MIB)

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.WARNING
    assert found.message == "partition 4 is an LVM physical volume"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_type_alone_makes_no_volume(tmp_path: Path, opened: OpenImage) -> None:
    typed = Part(kind="none", size=2 * MIB, type_id="E6D6D379-F507-44C2-A23C-238F2A3DF928")
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, typed))
    patch(path, 24 * MIB, b"nothing")

    assert findings(check, subject(image=opened(path))) == ()
