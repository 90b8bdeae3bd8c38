from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.steps import MoveBackupGpt
from bootworthy.rules.partition.backup_gpt import check
from tests.disk.making import MIB, large_sector_gpt, patch, run, sparse
from tests.rules import disks
from tests.rules.conftest import OpenImage
from tests.rules.making import findings, subject


def look(path: Path, opened: OpenImage) -> dict[str, Finding]:
    """What is found, by its kind."""
    return {item.found: item for item in findings(check, subject(image=opened(path)))}


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk of one's own."""
    return disks.disk(tmp_path / "disk")


def test_a_whole_gpt_passes(healthy_image: Image) -> None:
    assert findings(check, subject(image=healthy_image)) == ()


def test_a_plain_mbr_passes(tmp_path: Path, opened: OpenImage) -> None:
    assert look(disks.mbr_disk(tmp_path / "disk"), opened) == {}


def test_a_disk_that_was_grown(disk: Path, opened: OpenImage) -> None:
    with disk.open("ab") as file:
        file.truncate(30 * MIB)

    found = look(disk, opened)

    moved = found["gpt-backup-not-at-end"]
    assert moved.severity is Severity.WARNING
    assert moved.message == "the backup GPT is at sector 51199, not 61439"
    assert moved.place.within == "partition table"
    assert moved.fix is not None
    assert moved.fix.steps == (MoveBackupGpt(),)
    assert {item.severity for item in found.values()} == {Severity.WARNING}


def test_a_backup_that_is_gone(disk: Path, opened: OpenImage) -> None:
    patch(disk, 25 * MIB - 512, bytes(512))

    (found,) = look(disk, opened).values()

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert found.fix.steps == (MoveBackupGpt(),)


def test_a_damaged_first_copy_is_an_error(disk: Path, opened: OpenImage) -> None:
    patch(disk, 512 + 40, b"\xff\xff")

    found = look(disk, opened)["gpt-primary-damaged"]

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == (MoveBackupGpt(),)


def test_a_gpt_that_nothing_announces(disk: Path, opened: OpenImage) -> None:
    patch(disk, 446, bytes(66))

    found = look(disk, opened)["protective-mbr-missing"]

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_gpt_of_large_sectors(tmp_path: Path, opened: OpenImage) -> None:
    path = large_sector_gpt(sparse(tmp_path / "disk", 25 * MIB))

    found = look(path, opened)["gpt-4096-byte-sectors"]

    assert found.severity is Severity.ERROR
    assert "4096" in found.message


def test_partitions_that_overlap(disk: Path, opened: OpenImage) -> None:
    # The second entry begins where the first does; both copies are written anew.
    first = disk.read_bytes()[1024 : 1024 + 128]
    for place in (1024, 25 * MIB - 33 * 512):
        patch(disk, place + 128 + 32, first[32:40])
    _seal_gpt(disk, 512, 1024)
    _seal_gpt(disk, 25 * MIB - 512, 25 * MIB - 33 * 512)

    found = look(disk, opened)["partitions-overlap"]

    assert found.severity is Severity.ERROR
    assert found.place.within == "partition 2"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_hybrid_mbr_is_a_warning(disk: Path, opened: OpenImage) -> None:
    patch(disk, 446 + 16, struct.pack("<B3sB3sII", 0, b"\0\0\0", 0x83, b"\0\0\0", 2048, 2048))

    found = look(disk, opened)["hybrid-mbr"]

    assert found.severity is Severity.WARNING


def test_what_a_gpt_left_behind_an_mbr(tmp_path: Path, opened: OpenImage) -> None:
    path = sparse(tmp_path / "disk", 25 * MIB)
    run("sfdisk", "-q", path, typed="label: gpt\nsize=1M\n")
    gpt = path.read_bytes()[512:1024]
    run("sfdisk", "-q", "--wipe", "always", path, typed="label: dos\nsize=1M\n")
    patch(path, 512, gpt)

    (found,) = look(path, opened).values()

    assert found.found == "gpt-leftover"
    assert found.severity is Severity.WARNING


def _seal_gpt(path: Path, header: int, entries: int) -> None:
    """Write the checksums of a GPT anew."""
    data = path.read_bytes()
    whole = bytearray(data[header : header + 92])
    struct.pack_into("<I", whole, 88, zlib.crc32(data[entries : entries + 128 * 128]))
    struct.pack_into("<I", whole, 16, 0)
    struct.pack_into("<I", whole, 16, zlib.crc32(bytes(whole)))
    patch(path, header, bytes(whole))
