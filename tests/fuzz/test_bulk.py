"""Tens of thousands of broken qcow2 headers and tables, VHD footers, GPTs and MBRs."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.partitions import read_table
from bootworthy.disk.repartition import backup_gpt_writes
from bootworthy.disk.sizes import SECTOR
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, run, sparse
from tests.fuzz.bulk import BULK, CASES, SEEDS, mutants

SIZE = MIB // 2
HEADER = 512


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bulk")


@pytest.fixture(scope="module")
def gpt(folder: Path) -> bytes:
    disk = sparse(folder / "gpt", SIZE)
    run("sfdisk", "-q", "--no-reread", disk, typed="label: gpt\nstart=64, size=64\nsize=64\n")
    return disk.read_bytes()


@pytest.fixture(scope="module")
def dos(folder: Path) -> bytes:
    disk = sparse(folder / "dos", SIZE)
    table = "label: dos\nstart=64, size=64\nstart=256, size=512, type=5\nstart=300, size=64\n"
    run("sfdisk", "-q", "--no-reread", disk, typed=table)
    return disk.read_bytes()


@pytest.fixture(scope="module")
def qcow2(folder: Path) -> bytes:
    disk = sparse(folder / "disk", SIZE)
    for place in (0, 70_000, 300_000, SIZE - 1000):
        patch(disk, place, b"some text %d\n" % place * 60)
    options = "cluster_size=512"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", options, disk, folder / "qcow2")
    return (folder / "qcow2").read_bytes()


def allowed(action: Callable[[], object]) -> bool:
    """Whether it succeeds; only an ImageError may keep it from that."""
    try:
        action()
    except ImageError:
        return False
    return True


def use_table(disk: bytes) -> None:
    """Read a partition table, and work out where its backup belongs on a larger disk."""

    def read_at(offset: int, size: int) -> bytes:
        return disk[offset : offset + max(size, 0)]

    table = read_table(read_at, len(disk))
    assert len(table.partitions) <= SIZE // SECTOR
    with contextlib.suppress(ImageError):
        for offset, data in backup_gpt_writes(read_at, 2 * len(disk)):
            assert 0 <= offset <= 2 * len(disk) - len(data)


@BULK
@given(seed=SEEDS)
def test_gpt(gpt: bytes, seed: int) -> None:
    for number, disk in enumerate(
        mutants(seed, gpt, (446, 604), (1024, 1536), (SIZE - 1024, SIZE))
    ):
        if number % 2:
            _mend_gpt(disk)
        allowed(lambda disk=disk: use_table(bytes(disk)))  # type: ignore[misc]


def _mend_gpt(disk: bytearray) -> None:
    """Right checksums, so that what is behind them is reached."""
    lba, count, size = struct.unpack_from("<QII", disk, HEADER + 72)
    start, length = lba * SECTOR, min(count * size, len(disk))
    struct.pack_into("<I", disk, HEADER + 88, zlib.crc32(disk[start : start + length]))
    (header,) = struct.unpack_from("<I", disk, HEADER + 12)
    disk[HEADER + 16 : HEADER + 20] = bytes(4)
    checksum = zlib.crc32(disk[HEADER : HEADER + min(header, SECTOR)])
    struct.pack_into("<I", disk, HEADER + 16, checksum)


@BULK
@given(seed=SEEDS)
def test_mbr(dos: bytes, seed: int) -> None:
    for disk in mutants(seed, dos, (446, 512), (256 * SECTOR + 446, 257 * SECTOR)):
        allowed(lambda disk=disk: use_table(bytes(disk)))  # type: ignore[misc]


@BULK
@given(seed=SEEDS)
def test_footers(seed: int) -> None:
    for number, data in enumerate(mutants(seed, footer.build(SIZE), (0, 88))):
        if number % 2:
            struct.pack_into(">I", data, 64, footer.checksum_of(bytes(data)))

        def use(data: bytes = bytes(data)) -> None:
            found = footer.parse(data)
            if not footer.problems_of(found, SIZE + 512):
                assert (found.disk_type, found.virtual_size) == (footer.FIXED, SIZE)
                assert found.checksum_valid

        allowed(use)


@BULK
@given(seed=SEEDS)
def test_qcow2(folder: Path, qcow2: bytes, seed: int) -> None:
    (l1,) = struct.unpack_from(">Q", qcow2, 40)
    (l2,) = struct.unpack_from(">Q", qcow2, l1)
    l2 &= 0x00FF_FFFF_FFFF_FE00
    regions = (0, 160), (l1, l1 + 64), (l2, l2 + 512)
    path = folder / "mutant"
    read = 0
    for data in mutants(seed, qcow2, *regions):
        path.write_bytes(data)
        read += allowed(lambda: _read(path))

    assert read < CASES


def _read(path: Path) -> None:
    with open_container(path, force_format="qcow2") as container:
        container.info()
        for offset in (0, 70_000, container.virtual_size - 5000):
            container.pread(max(offset, 0), 5000)
