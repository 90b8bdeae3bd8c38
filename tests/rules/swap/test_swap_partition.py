from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import DropMounts, RemoveSwapPartition
from bootworthy.rules.swap.swap_partition import REASON, check
from tests.disk.making import MIB
from tests.guest.engines.disks import Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import ROOT_UUID, healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

LINE = f"UUID={ROOT_UUID} / ext4 errors=remount-ro 0 1\n"


def make(directory: Path, part: Part = disks.SWAP, *, signed: bool = False) -> Path:
    path = disks.disk(directory / "disk.img", (*disks.PARTS, part))
    if signed:
        start = (2 + 4 + 18) * MIB
        disks.make_swap(path, start, part.size)
    return path


def with_fstab(text: str) -> dict[str, Entry]:
    return healthy({"/etc/fstab": LINE + text})


def test_no_swap(opened: OpenImage, healthy_vhd: Path) -> None:
    assert findings(check, subject(healthy(), image=opened(healthy_vhd))) == ()


@pytest.mark.parametrize("signed", [False, True])
def test_a_partition_of_its_type(tmp_path: Path, opened: OpenImage, *, signed: bool) -> None:
    image = opened(make(tmp_path, signed=signed))

    found = finding(check, subject(healthy(), image=image))

    assert found.severity is Severity.WARNING
    assert found.message == "partition 4 is swap"
    assert found.place.within == "partition 4"
    assert found.found.endswith(f", {2 * MIB} bytes")
    assert found.fix is not None
    assert found.fix.steps == (RemoveSwapPartition(number=4),)


def test_a_signature_behind_another_type(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(make(tmp_path, Part(kind="none", size=2 * MIB), signed=True))
    assert finding(check, subject(healthy(), image=image)).message == "partition 4 is swap"


@pytest.mark.parametrize("spec", [f"UUID={disks.SWAP_UUID}", "/dev/sda4", "/dev/vda4"])
def test_its_line_in_fstab_goes_too(tmp_path: Path, opened: OpenImage, spec: str) -> None:
    image = opened(make(tmp_path, signed=True))
    files = with_fstab(f"# swap was on /dev/sda4\n{spec} none swap sw 0 0\n")

    found = finding(check, subject(files, image=image))

    assert [str(place) for place in found.related] == ["/etc/fstab:3"]
    assert found.fix is not None
    assert found.fix.steps == (
        RemoveSwapPartition(number=4),
        DropMounts(lines=(3,), reason=REASON),
    )


def test_lines_of_other_partitions_stay(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(make(tmp_path, signed=True))
    files = with_fstab("UUID=00000000-0000-4000-8000-000000000000 none swap sw 0 0\n")
    assert finding(check, subject(files, image=image)).related == ()


def test_without_a_guest(tmp_path: Path, opened: OpenImage) -> None:
    image = opened(make(tmp_path))
    assert finding(check, subject(image=image)).fix is not None


def test_without_a_disk() -> None:
    assert not_applicable(check, subject(healthy()))
