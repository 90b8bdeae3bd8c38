"""Edits of partition tables, judged by sfdisk and sgdisk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.partitions import PartitionTable, read_table
from bootworthy.disk.problem import ProblemKind
from bootworthy.disk.repartition import change_type, move_backup_gpt, remove_partition
from bootworthy.model.errors import ImageError
from bootworthy.model.image import TableKind
from tests.disk.making import MIB, large_sector_gpt, needs, opened, patch, reader, run, sparse

SIZE = 16 * MIB

GPT = """label: gpt
size=1M, type=21686148-6449-6E6F-744E-656564454649
size=2M, type=uefi
size=4M, type=linux, name=root
size=2M, type=swap
"""
DOS = """label: dos
label-id: 0x12345678
size=2M, bootable
size=8M, type=5
size=1M, type=82
size=1M
size=2M
size=2M, type=82
"""


def make(path: Path, script: str) -> Path:
    """A disk partitioned by sfdisk, with boot code."""
    run("sfdisk", "-q", sparse(path, SIZE), typed=script)
    patch(path, 0, b"\xeb\x63\x90boot code")
    return path


def grow(path: Path, size: int) -> None:
    """Make a disk longer or shorter."""
    os.truncate(path, size)


def table(path: Path) -> PartitionTable:
    """The table of a disk."""
    return read_table(reader(path), path.stat().st_size)


def numbers(path: Path) -> list[int]:
    """The numbers of the partitions of a disk."""
    return [part.number for part in table(path).partitions]


def move(path: Path) -> bool:
    """Move the backup GPT of a disk."""
    with opened(path) as fd:
        return move_backup_gpt(fd, path.stat().st_size)


def remove(path: Path, number: int) -> bool:
    """Remove a partition of a disk."""
    with opened(path) as fd:
        return remove_partition(fd, path.stat().st_size, number)


def judge(path: Path) -> None:
    """Let others find fault with the table."""
    assert table(path).problems == ()
    assert "No errors detected" in run("sfdisk", "--verify", path)
    if table(path).kind is TableKind.GPT:
        assert "No problems found" in run("sgdisk", "-v", path)


@needs("sgdisk")
def test_the_backup_moves_to_the_end_of_a_disk_that_grew(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    before = table(path).partitions
    grow(path, 20 * MIB)

    assert move(path)

    judge(path)
    assert table(path).partitions == before
    assert path.read_bytes()[:12] == b"\xeb\x63\x90boot code"
    report = run("sfdisk", "-d", path)
    assert "last-lba: 40926" in report


def test_moving_twice_changes_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    grow(path, 20 * MIB)
    move(path)
    before = path.read_bytes()

    assert not move(path)
    assert path.read_bytes() == before


def test_a_good_table_is_left_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    before = path.read_bytes()

    assert not move(path)
    assert path.read_bytes() == before


@needs("sgdisk")
def test_a_damaged_first_copy_is_restored(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    patch(path, 512, bytes(10 * 512))

    assert move(path)

    judge(path)
    assert numbers(path) == [1, 2, 3, 4]


@needs("sgdisk")
def test_a_missing_protective_mbr_is_written(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    patch(path, 446, bytes(66))

    assert move(path)

    judge(path)
    assert path.read_bytes()[:12] == b"\xeb\x63\x90boot code"


def test_a_hybrid_mbr_is_left_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    run("sgdisk", "-h", "3", path)
    before = path.read_bytes()[:512]
    grow(path, 20 * MIB)

    assert move(path)
    assert path.read_bytes()[:512] == before
    assert [problem.kind for problem in table(path).problems] == [ProblemKind.HYBRID_MBR]
    assert not remove(path, 4)


def test_sectors_of_4096_bytes(tmp_path: Path) -> None:
    path = large_sector_gpt(sparse(tmp_path / "disk", SIZE))
    grow(path, 20 * MIB)

    assert move(path)
    assert [p.kind for p in table(path).problems] == [ProblemKind.GPT_LARGE_SECTORS]
    assert "No errors detected" in run("fdisk", "-b", "4096", path, typed="v\nq\n")


def test_a_partition_in_the_way_of_the_backup_is_an_error(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", "label: gpt\nsize=10M\n")
    grow(path, 11 * MIB)
    before = path.read_bytes()

    with pytest.raises(ImageError) as caught:
        move(path)

    assert caught.value.code == "partition-in-the-way"
    assert path.read_bytes() == before


@pytest.mark.parametrize("script", [DOS, None])
def test_without_a_gpt_there_is_nothing_to_move(tmp_path: Path, script: str | None) -> None:
    path = make(tmp_path / "disk", script) if script else sparse(tmp_path / "disk", SIZE)
    before = path.read_bytes()

    assert not move(path)
    assert path.read_bytes() == before


@needs("sgdisk")
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_partition_of_a_gpt_is_removed(tmp_path: Path, number: int) -> None:
    path = make(tmp_path / "disk", GPT)
    expected = [part for part in table(path).partitions if part.number != number]

    assert remove(path, number)

    judge(path)
    assert list(table(path).partitions) == expected
    assert not remove(path, number)


@pytest.mark.parametrize("number", [-1, 0, 5, 128, 129, 1 << 40])
def test_a_partition_that_is_not_there_is_not_removed(tmp_path: Path, number: int) -> None:
    for script in (GPT, "label: dos\nsize=1M\nsize=1M\n"):
        path = make(tmp_path / "disk", script)
        before = path.read_bytes()

        assert not remove(path, number)
        assert path.read_bytes() == before


def test_a_primary_partition_of_an_mbr_is_removed(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)

    assert remove(path, 3)

    judge(path)
    assert numbers(path) == [1, 2, 4, 5, 6]
    assert path.read_bytes()[:12] == b"\xeb\x63\x90boot code"


def test_logical_partitions_are_removed_from_the_last(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    before = path.read_bytes()

    assert not remove(path, 5)
    assert not remove(path, 2)
    assert path.read_bytes() == before
    assert remove(path, 6)
    judge(path)
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert remove(path, 5)
    judge(path)
    assert numbers(path) == [1, 3, 4]


def test_an_empty_extended_partition_is_removed(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", "label: dos\nsize=2M\nsize=2M, type=5\n")

    assert remove(path, 2)
    assert numbers(path) == [1]


def test_a_broken_chain_is_not_edited(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)
    extended = next(part for part in table(path).partitions if part.number == 2)
    patch(path, extended.start + 446 + 16 + 8, b"\xff\xff\xff\xff")
    before = path.read_bytes()

    assert not remove(path, 5)
    assert path.read_bytes() == before


@needs("sgdisk")
def test_the_type_of_a_partition_is_changed(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    linux = "0fc63daf-8483-4772-8e79-3d69d8477de4"

    with opened(path) as fd:
        assert change_type(fd, SIZE, 4, linux)
        assert not change_type(fd, SIZE, 4, linux)
        assert not change_type(fd, SIZE, 9, linux)

    judge(path)
    assert run("sfdisk", "--part-type", path, "4").strip() == linux.upper()


def test_the_type_of_an_mbr_partition_is_changed(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", DOS)

    with opened(path) as fd:
        assert change_type(fd, SIZE, 3, "83")
        assert change_type(fd, SIZE, 6, "fd")
        assert not change_type(fd, SIZE, 7, "83")

    judge(path)
    types = [run("sfdisk", "--part-type", path, str(number)).strip() for number in (3, 5, 6)]
    assert types == ["83", "83", "fd"]
