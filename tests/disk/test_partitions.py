"""Partition tables and what is wrong with them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from bootworthy.disk.partitions import PartitionTable, read_table
from bootworthy.disk.problem import Problem, ProblemKind
from bootworthy.model.image import TableKind
from tests.disk.making import MIB, large_sector_gpt, needs, patch, reader, run, sparse

SIZE = 64 * MIB


def make(path: Path, script: str, size: int = SIZE) -> Path:
    """A disk partitioned by sfdisk."""
    run("sfdisk", "-q", sparse(path, size), typed=script)
    return path


def table(path: Path) -> PartitionTable:
    """The table of a disk."""
    return read_table(reader(path), path.stat().st_size)


def kinds(path: Path) -> list[ProblemKind]:
    """What is wrong with the table of a disk."""
    return [problem.kind for problem in table(path).problems]


GPT = "label: gpt\nsize=10M, type=uefi\nsize=20M\n"
DOS = "label: dos\nlabel-id: 0x12345678\nsize=10M\nsize=20M\n"


def test_a_gpt_without_fault(tmp_path: Path) -> None:
    found = table(make(tmp_path / "disk", GPT))

    assert found.kind is TableKind.GPT
    assert found.sector_size == 512
    assert found.problems == ()
    assert [part.size for part in found.partitions] == [10 * MIB, 20 * MIB]
    assert found.partition(2) == found.partitions[1]
    assert found.partition(3) is None


def test_an_mbr_without_fault(tmp_path: Path) -> None:
    found = table(make(tmp_path / "disk", DOS))

    assert found.kind is TableKind.MBR
    assert found.disk_id == "12345678"
    assert found.problems == ()


def test_no_table(tmp_path: Path) -> None:
    assert table(sparse(tmp_path / "disk", SIZE)) == PartitionTable(kind=TableKind.NONE)


def test_identifiers_are_those_of_blkid(tmp_path: Path) -> None:
    for script in (GPT, DOS):
        path = make(tmp_path / "disk", script)
        identifier = run("blkid", "-p", "-s", "PTUUID", "-o", "value", path).strip()

        assert table(path).disk_id == identifier


def test_the_table_of_a_disk_that_grew(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    with path.open("r+b") as file:
        file.truncate(SIZE + MIB)

    assert table(path).problems == (
        Problem(
            ProblemKind.PROTECTIVE_SIZE,
            "the protective MBR covers 131071 sectors instead of 133119",
        ),
        Problem(
            ProblemKind.GPT_BACKUP_NOT_AT_END, "the backup GPT is at sector 131071, not 133119"
        ),
    )


def test_a_protective_mbr_may_cover_all_it_can(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    patch(path, 446 + 12, b"\xff\xff\xff\xff")

    assert table(path).problems == ()


def test_copies_that_are_gone_or_damaged(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    whole = path.read_bytes()

    for offset, kind in (
        (512, ProblemKind.GPT_PRIMARY_MISSING),
        (512 + 16, ProblemKind.GPT_PRIMARY_DAMAGED),
        (1024, ProblemKind.GPT_PRIMARY_DAMAGED),
        (SIZE - 512, ProblemKind.GPT_BACKUP_MISSING),
        (SIZE - 512 + 16, ProblemKind.GPT_BACKUP_DAMAGED),
    ):
        path.write_bytes(whole)
        patch(path, offset, bytes([whole[offset] ^ 0xFF]))
        assert kinds(path) == [kind]
        assert len(table(path).partitions) == 2


def test_both_copies_gone(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    patch(path, 512, bytes(512))
    patch(path, SIZE - 512, bytes(512))

    found = table(path)

    assert found.kind is TableKind.GPT
    assert found.partitions == ()
    assert [problem.kind for problem in found.problems] == [ProblemKind.GPT_UNREADABLE]


def test_a_gpt_nobody_announces(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    patch(path, 440, bytes(72))

    found = table(path)

    assert found.kind is TableKind.GPT
    assert [problem.kind for problem in found.problems] == [ProblemKind.PROTECTIVE_MISSING]


def test_a_gpt_left_over_under_an_mbr(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    gpt = path.read_bytes()[512 : 34 * 512]
    path = make(tmp_path / "disk", DOS)
    patch(path, 512, gpt)

    found = table(path)

    assert found.kind is TableKind.MBR
    assert [problem.kind for problem in found.problems] == [ProblemKind.GPT_LEFTOVER]


@needs("sgdisk")
def test_a_hybrid_mbr(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    run("sgdisk", "-h", "2", path)

    found = table(path)

    assert found.kind is TableKind.GPT
    assert [problem.kind for problem in found.problems] == [ProblemKind.HYBRID_MBR]


def test_sectors_of_4096_bytes(tmp_path: Path) -> None:
    path = large_sector_gpt(sparse(tmp_path / "disk", SIZE))

    found = table(path)

    assert found.sector_size == 4096
    assert [problem.kind for problem in found.problems] == [ProblemKind.GPT_LARGE_SECTORS]
    assert [part.start for part in found.partitions] == [MIB]


def test_a_partition_behind_the_end(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", "label: dos\nsize=10M\nsize=50M\n")
    with path.open("r+b") as file:
        file.truncate(40 * MIB)

    assert table(path).problems == (
        Problem(ProblemKind.BEYOND_END, "partition 2 ends 22020096 bytes behind the disk", 2),
    )


def test_partitions_that_overlap(tmp_path: Path) -> None:
    script = "label: dos\nstart=2048, size=8192\nstart=20480, size=4096\nstart=30720, size=4096\n"
    path = make(tmp_path / "disk", script)
    patch(path, 446 + 12, struct.pack("<I", 40_000))

    assert [problem.text for problem in table(path).problems] == [
        "partitions 1 and 2 overlap",
        "partitions 1 and 3 overlap",
    ]


def test_logical_partitions_do_not_overlap_theirs_but_a_primary_one_would(tmp_path: Path) -> None:
    script = "label: dos\nstart=2048, size=4096\nstart=8192, size=40960, type=5\nstart=10240\n"
    path = make(tmp_path / "disk", script)
    assert kinds(path) == []

    patch(path, 446 + 12, struct.pack("<I", 6145))

    assert [problem.text for problem in table(path).problems] == ["partitions 1 and 2 overlap"]


@pytest.mark.parametrize(
    ("first", "last", "kind"),
    [(5000, 4000, ProblemKind.REVERSED), (20, 5000, ProblemKind.OVER_TABLE)],
)
def test_entries_that_cannot_be(tmp_path: Path, first: int, last: int, kind: ProblemKind) -> None:
    path = make(tmp_path / "disk", GPT)
    raw = path.read_bytes()
    entries = bytearray(raw[1024 : 1024 + 16384])
    struct.pack_into("<QQ", entries, 32, first, last)
    header = bytearray(raw[512:604])
    _reseal(header, bytes(entries))
    patch(path, 1024, bytes(entries))
    patch(path, 512, bytes(header))

    problems = table(path).problems

    assert (kind, 1) in [(problem.kind, problem.partition) for problem in problems]


def test_copies_that_differ(tmp_path: Path) -> None:
    path = make(tmp_path / "disk", GPT)
    raw = path.read_bytes()
    entries = bytearray(raw[1024 : 1024 + 16384])
    entries[128:256] = bytes(128)
    header = bytearray(raw[512:604])
    _reseal(header, bytes(entries))
    patch(path, 1024, bytes(entries))
    patch(path, 512, bytes(header))

    assert kinds(path) == [ProblemKind.GPT_COPIES_DIFFER]
    assert [part.number for part in table(path).partitions] == [1]


def _reseal(header: bytearray, entries: bytes) -> None:
    """Make the checksums of a header right."""
    struct.pack_into("<I", header, 88, zlib.crc32(entries))
    header[16:20] = bytes(4)
    struct.pack_into("<I", header, 16, zlib.crc32(header))
