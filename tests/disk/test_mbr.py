"""The MBR and its logical partitions, made by sfdisk."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk import mbr
from bootworthy.disk.problem import ProblemKind
from tests.disk.making import MIB, patch, reader, run, sparse

SIZE = 64 * MIB

LAYOUT = """label: dos
label-id: 0x1badcafe
start=2048, size=20480, type=83, bootable
start=22528, size=61440, type=5
start=83968, size=2048, type=ef
start=24576, size=8192, type=83
start=34816, size=6144, type=82
start=43008, size=4096, type=8e
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with three primary and three logical partitions."""
    path = sparse(tmp_path / "disk", SIZE)
    run("sfdisk", "-q", path, typed=LAYOUT)
    return path


def read(path: Path) -> mbr.Mbr:
    """The MBR of a disk that has one."""
    found = mbr.read(reader(path), path.stat().st_size)
    assert found is not None
    return found


def test_partitions_have_the_numbers_of_linux(disk: Path) -> None:
    found = [(p.number, p.start // 512, p.size // 512, p.type_id) for p in read(disk).partitions()]

    assert found == [
        (1, 2048, 20480, "83"),
        (2, 22528, 61440, "05"),
        (3, 83968, 2048, "ef"),
        (5, 24576, 8192, "83"),
        (6, 34816, 6144, "82"),
        (7, 43008, 4096, "8e"),
    ]


def test_identifiers_are_those_of_blkid(disk: Path) -> None:
    found = read(disk)

    assert found.disk_id == 0x1BADCAFE
    assert [part.part_uuid for part in found.partitions()][::5] == ["1badcafe-01", "1badcafe-07"]
    assert [part.number for part in found.partitions() if part.bootable] == [1]


def test_gaps_between_slots_stay(disk: Path) -> None:
    run("sfdisk", "-q", "--delete", disk, "1")

    assert [part.number for part in read(disk).partitions()] == [2, 3, 5, 6, 7]


def test_an_extended_partition_may_be_empty(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", SIZE)
    run("sfdisk", "-q", path, typed="label: dos\nsize=10M, type=f\n")

    assert [part.type_id for part in read(path).partitions()] == ["0f"]
    assert read(path).problems == ()


def test_a_chain_that_loops_ends(disk: Path) -> None:
    # The link to the second logical partition leads back to the first.
    patch(disk, 22528 * 512 + 446 + 16 + 8, struct.pack("<I", 0))

    found = read(disk)

    assert [part.number for part in found.partitions()] == [1, 2, 3, 5]
    assert [(p.kind, p.partition) for p in found.problems] == [(ProblemKind.LOGICAL_CHAIN, 2)]


@pytest.mark.parametrize("link", [0xFFFF_FFFF, 61440, 5000])
def test_a_chain_that_leads_astray_ends(disk: Path, link: int) -> None:
    patch(disk, 22528 * 512 + 446 + 16 + 8, struct.pack("<I", link))

    found = read(disk)

    assert [part.number for part in found.partitions()] == [1, 2, 3, 5]
    assert [problem.kind for problem in found.problems] == [ProblemKind.LOGICAL_CHAIN]


def test_a_chain_is_not_followed_for_ever(tmp_path: Path) -> None:
    # One link in each sector, each to the next: a disk of 64 MiB holds more than 100,000.
    path = sparse(tmp_path / "disk", SIZE)
    run("sfdisk", "-q", path, typed="label: dos\nstart=2048, type=5\n")
    for number in range(400):
        sector = bytearray(512)
        struct.pack_into("<B3sB3sII", sector, 446, 0, b"", 0x83, b"", 1, 1)
        struct.pack_into("<B3sB3sII", sector, 462, 0, b"", 5, b"", number + 1, 1)
        sector[510:] = b"\x55\xaa"
        patch(path, (2048 + number) * 512, bytes(sector))

    found = read(path)

    assert len(found.logical()) == 256
    assert [problem.kind for problem in found.problems] == [ProblemKind.LOGICAL_CHAIN]


def test_a_boot_sector_of_a_file_system_is_no_table() -> None:
    sector = bytearray(b"\xeb\x3c\x90" + bytes(range(256)) * 2)[:512]
    sector[510:] = b"\x55\xaa"

    assert not mbr.is_table(bytes(sector))


def test_no_signature_is_no_table(disk: Path) -> None:
    patch(disk, 510, b"\0\0")

    assert mbr.read(reader(disk), SIZE) is None


def test_a_disk_shorter_than_a_sector_is_no_table() -> None:
    assert mbr.read(lambda _offset, size: bytes(min(size, 100)), 100) is None
