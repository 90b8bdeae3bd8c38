from __future__ import annotations

from pathlib import Path

from bootworthy.disk.image import Image
from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.partition.dirty_file_system import check
from tests.disk.making import MIB, patch, run, sparse
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import finding, findings, subject

# ext4: the superblock is at 1024, s_state at 0x3a in it, bit 0 set when it was unmounted.
ROOT = 6 * MIB
STATE = 1024 + 0x3A


def test_clean_file_systems_pass(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_an_ext4_that_was_in_use(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk")
    patch(path, ROOT + STATE, b"\0\0")

    found = finding(check, subject(image=opened(path)))

    assert found.severity is Severity.WARNING
    assert found.message == "ext4 on partition 3 was not unmounted"
    assert found.place.within == "partition 3"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_file_system_without_partitions(tmp_path: Path, opened: OpenImage) -> None:
    path = sparse(tmp_path / "disk", 20 * MIB)
    run("mke2fs", "-q", "-t", "ext4", path)
    patch(path, STATE, b"\0\0")

    found = finding(check, subject(image=opened(path)))

    assert found.message == "ext4 on the whole disk was not unmounted"


def test_a_machine_that_hibernated(tmp_path: Path, opened: OpenImage) -> None:
    path = disks.disk(tmp_path / "disk", (*disks.PARTS, disks.SWAP))
    disks.make_swap(path, 24 * MIB, 2 * MIB)
    patch(path, 24 * MIB + 4096 - 10, b"S1SUSPEND\0")

    found = finding(check, subject(image=opened(path)))

    assert found.message == "swap on partition 4 holds a hibernated machine"
