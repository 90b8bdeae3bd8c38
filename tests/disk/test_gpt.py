"""The GPT, made by sfdisk and sgdisk."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from bootworthy.disk import gpt
from bootworthy.disk.gpt import State
from tests.disk.making import MIB, large_sector_gpt, needs, patch, reader, run, sparse

SIZE = 32 * MIB
LAST = SIZE // 512 - 1

LAYOUT = """label: gpt
label-id: 01234567-89AB-CDEF-0123-456789ABCDEF
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name=bios
start=4096, size=20480, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI System", \
uuid=11111111-2222-3333-4444-555555555555
start=24576, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="wurzel-ä", attrs=LegacyBIOSBootable
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with three partitions."""
    path = sparse(tmp_path / "disk", SIZE)
    run("sfdisk", "-q", path, typed=LAYOUT)
    return path


def read(path: Path, sector: int = 512) -> gpt.Gpt:
    """The GPT of a disk that has one."""
    found = gpt.read(reader(path), path.stat().st_size, sector)
    assert found is not None
    return found


def test_partitions_are_read(disk: Path) -> None:
    found = read(disk)

    assert found.disk_id == "01234567-89ab-cdef-0123-456789abcdef"
    assert found.primary.state is found.backup.state is State.VALID
    parts = found.partitions()
    assert [(p.number, p.start, p.size, p.name, p.bootable) for p in parts] == [
        (1, MIB, MIB, "bios", False),
        (2, 2 * MIB, 10 * MIB, "EFI System", False),
        (3, 12 * MIB, 19 * MIB, "wurzel-ä", True),
    ]
    assert parts[1].type_id == "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
    assert parts[1].part_uuid == "11111111-2222-3333-4444-555555555555"


@needs("sgdisk")
def test_numbers_with_gaps_are_kept(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", SIZE)
    argv = ("-n", "1:20480:", "-n", "14:2048:4095", "-t", "14:ef02", "-n", "15:4096:20479")
    run("sgdisk", *argv, "-t", "15:ef00", path)

    assert [part.number for part in read(path).partitions()] == [1, 14, 15]


def test_sectors_of_4096_bytes_are_read(tmp_path: Path) -> None:
    path = large_sector_gpt(sparse(tmp_path / "disk", SIZE))

    assert gpt.read(reader(path), SIZE, 512) is None
    assert [(p.start, p.size) for p in read(path, 4096).partitions()] == [(MIB, 2 * MIB)]


@pytest.mark.parametrize("offset", [512, 512 + 40, 512 + 88, 1024, 1024 + 40])
def test_the_backup_stands_in_for_a_damaged_first_copy(disk: Path, offset: int) -> None:
    expected = read(disk).partitions()
    patch(disk, offset, b"\xff\xff")

    found = read(disk)

    assert found.partitions() == expected
    assert found.primary.state is (State.MISSING if offset == 512 else State.DAMAGED)
    assert found.header.lba == LAST


@pytest.mark.parametrize(
    ("offset", "state"), [(LAST * 512, State.MISSING), ((LAST - 1) * 512, State.DAMAGED)]
)
def test_a_damaged_backup_is_told(disk: Path, offset: int, state: State) -> None:
    patch(disk, offset, b"\xff")

    found = read(disk)

    assert len(found.partitions()) == 3
    assert found.primary.state is State.VALID
    assert found.backup.state is state


def test_the_backup_of_a_disk_that_grew_is_found(disk: Path) -> None:
    with disk.open("r+b") as file:
        file.truncate(SIZE + 5 * MIB)

    found = read(disk)

    assert found.backup.state is State.VALID
    assert found.backup.header is not None
    assert found.backup.header.lba == LAST


def test_a_disk_that_grew_with_a_damaged_first_copy_is_read(disk: Path) -> None:
    with disk.open("r+b") as file:
        file.truncate(SIZE + 5 * MIB)
    patch(disk, 512 + 56, b"\0")

    assert len(read(disk).partitions()) == 3


def test_no_copy_is_no_table(disk: Path) -> None:
    patch(disk, 512, b"\0")
    patch(disk, LAST * 512, b"\0")

    assert gpt.read(reader(disk), SIZE, 512) is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (80, 0),  # no entries
        (80, 1 << 30),
        (84, 64),  # entries too small
        (84, 132),
        (84, 1 << 20),
        (72, 0xFFFF_FFFF),  # entries far away; low half of the field
        (72, 0),
        (24, 7),  # the header says to be elsewhere
        (12, 20),  # header size
        (12, 4096),
    ],
)
def test_a_header_with_impossible_fields_does_not_count(disk: Path, place: int, value: int) -> None:
    header = bytearray(disk.read_bytes()[512 : 512 + 92])
    struct.pack_into("<I", header, place, value)
    header[16:20] = bytes(4)
    struct.pack_into("<I", header, 16, zlib.crc32(header))
    patch(disk, 512, bytes(header))

    assert read(disk).primary.state is State.DAMAGED


def test_an_entry_that_ends_before_it_starts_is_left_out(disk: Path) -> None:
    found = read(disk)
    entry = bytearray(found.entry(2))
    struct.pack_into("<QQ", entry, 32, 5000, 4999)

    changed = found.with_entry(2, bytes(entry))

    assert [part.number for part in changed.partitions()] == [1, 3]
    assert list(changed.used())[1] == (2, 5000, 4999)
