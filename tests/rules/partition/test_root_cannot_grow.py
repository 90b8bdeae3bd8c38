from __future__ import annotations

from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.rules.partition.root_cannot_grow import check
from tests.disk.making import run
from tests.guest.engines.disks import MIB, Part
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

HOME = Part(kind="ext4", size=2 * MIB)


def test_the_last_partition_passes(healthy_image: Image) -> None:
    whole = subject(healthy(), image=healthy_image, root_partition=disks.ROOT_NUMBER)
    assert findings(check, whole) == ()


def test_swap_behind_it_goes_away(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, disks.SWAP))
    assert findings(check, subject(healthy(), image=opened(path), root_partition=3)) == ()


def test_swap_in_an_extended_partition_goes_away(tmp_path: Path, opened: OpenImage) -> None:
    path = tmp_path / "disk"
    disks.mbr_disk(path, (Part(kind="ext4", size=20 * MIB, type_id="83"), HOME))
    script = "label: dos\nsize=20M, type=83\ntype=5\ntype=82\n"
    run("sfdisk", "-q", path, typed=script)

    assert findings(check, subject(healthy(), image=opened(path), root_partition=1)) == ()


def test_another_partition_behind_it(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, HOME, disks.SWAP))

    found = finding(check, subject(healthy(), image=opened(path), root_partition=3))

    assert found.severity is Severity.NOTE
    assert found.message == "the root, partition 3, is not the last one and cannot grow"
    assert found.found == "behind it: partition 4"


def test_a_root_that_is_no_partition_is_left_alone(healthy_image: Image) -> None:
    assert findings(check, subject(healthy(), image=healthy_image)) == ()


def test_one_machine_keeps_its_size(healthy_image: Image) -> None:
    moved = Intent(os_state=OsState.SPECIALIZED)
    reason = not_applicable(check, subject(healthy(), image=healthy_image, intent=moved))
    assert reason.startswith("the image is specialized")
