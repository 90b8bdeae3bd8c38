"""Partition tables of a stranger's making, read and edited."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.disk.image import Image
from bootworthy.disk.repartition import change_type, move_backup_gpt, remove_partition
from tests.disk.making import MIB, opened, patch, run, sparse
from tests.fuzz.hostile import BOUNDED, Patch, only_image_errors, patched, patches

SIZE = 4 * MIB
GROWN = 5 * MIB

GPT = """label: gpt
start=2048, size=512, type=21686148-6449-6E6F-744E-656564454649
start=2560, size=2048, type=uefi
start=4608, size=1024, type=swap
"""
DOS = """label: dos
start=2048, size=512, bootable
start=2560, size=5000, type=5
start=2816, size=256
start=3328, size=256, type=82
start=3840, size=256, type=82
"""


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A disk with each kind of table, and with GRUB's first sector."""
    made = {}
    for name, script in (("gpt", GPT), ("dos", DOS)):
        path = sparse(tmp_path_factory.mktemp("fuzz") / name, SIZE)
        run("sfdisk", "-q", path, typed=script)
        patch(path, 0, b"\xeb\x63\x90")
        patch(path, 0x5C, struct.pack("<Q", 2048))
        patch(path, 0x180, b"GRUB \0")
        patch(path, MIB, os.urandom(512))
        made[name] = path
    return made


def use(path: Path, number: int) -> None:
    """Read a disk, and make every edit there is."""
    with opened(path) as fd:
        with Image.over_fd(fd, GROWN) as image:
            image.info()
            assert image.boot_code.loader
        for edit in (
            lambda: move_backup_gpt(fd, GROWN),
            lambda: remove_partition(fd, GROWN, number),
            lambda: change_type(fd, GROWN, number, "0fc63daf-8483-4772-8e79-3d69d8477de4"),
        ):
            only_image_errors(edit)


def check(path: Path, number: int) -> None:
    """The disk is read without trouble, and edits touch nothing but tables."""
    with opened(path) as fd:
        os.ftruncate(fd, GROWN)
    before = path.read_bytes()

    only_image_errors(lambda: use(path, number))

    after = path.read_bytes()
    assert len(after) == GROWN
    assert after[:440] == before[:440]


@BOUNDED
@given(changes=patches((1024, 1024 + 4 * 128), (512, 604), (446, 512)), number=st.integers(0, 9))
def test_gpt_with_right_checksums(
    tmp_path: Path, disks: dict[str, Path], changes: list[Patch], number: int
) -> None:
    data = bytearray(patched(disks["gpt"].read_bytes(), changes))
    count, size = struct.unpack_from("<II", data, 512 + 80)
    length = min(count * size, len(data))
    struct.pack_into("<I", data, 512 + 88, zlib.crc32(data[1024 : 1024 + length]))
    (header,) = struct.unpack_from("<I", data, 512 + 12)
    data[528:532] = bytes(4)
    struct.pack_into("<I", data, 528, zlib.crc32(data[512 : 512 + min(header, 4096)]))
    (tmp_path / "disk").write_bytes(data)

    check(tmp_path / "disk", number)


@BOUNDED
@given(changes=patches((0, 2048), (446, 512), (SIZE - 1024, SIZE)), number=st.integers(0, 9))
def test_gpt(tmp_path: Path, disks: dict[str, Path], changes: list[Patch], number: int) -> None:
    (tmp_path / "disk").write_bytes(patched(disks["gpt"].read_bytes(), changes))

    check(tmp_path / "disk", number)


LINKS = (2560 * 512 + 446, 2560 * 512 + 512), (3072 * 512 + 446, 3072 * 512 + 512)


@BOUNDED
@given(changes=patches((446, 512), *LINKS, aligned=1), number=st.integers(0, 9))
def test_mbr(tmp_path: Path, disks: dict[str, Path], changes: list[Patch], number: int) -> None:
    (tmp_path / "disk").write_bytes(patched(disks["dos"].read_bytes(), changes))

    with opened(tmp_path / "disk") as fd:
        os.ftruncate(fd, GROWN)
        only_image_errors(lambda: _use_mbr(fd, number))

    assert (tmp_path / "disk").read_bytes()[:440] == disks["dos"].read_bytes()[:440]


def _use_mbr(fd: int, number: int) -> None:
    with Image.over_fd(fd, GROWN) as image:
        image.info()
    move_backup_gpt(fd, GROWN)
    change_type(fd, GROWN, number, "83")
    remove_partition(fd, GROWN, number)
