from __future__ import annotations

from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.model.steps import MakeFixedVhd
from bootworthy.rules.container.size_unaligned import check
from tests.disk.making import MIB, run
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject


def test_whole_mib_pass(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_a_sector_too_many(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk")
    with path.open("ab") as file:
        file.write(bytes(512))

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.ERROR
    assert found.found == "26214912 bytes = 25.00 MiB"
    assert found.expected == "27262976 bytes = 26 MiB"
    assert found.fix is not None
    assert found.fix.steps == (MakeFixedVhd(size=26 * MIB),)


def test_what_qemu_makes_of_an_aligned_disk_without_force_size(
    tmp_path: Path, opened: OpenImage
) -> None:
    raw, path = disks.disk(tmp_path / "raw"), tmp_path / "disk.vhd"
    run("qemu-img", "convert", "-O", "vpc", "-o", "subformat=fixed", raw, path)

    found = finding(check, subject(image=opened(path)))

    assert found.expected == "27262976 bytes = 26 MiB"
