from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.disk.room import Room, room_of
from tests.disk.making import MIB, patch, run
from tests.guest.engines.disks import write_files

SIZES = {"ext4": 32 * MIB, "ext2": 32 * MIB, "xfs": 320 * MIB, "btrfs": 128 * MIB}
LARGE = 8 * MIB


def make(path: Path, kind: str, size: int, *options: str) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    run(f"mkfs.{kind}", *options, path)
    return path


def look(path: Path) -> Room | None:
    with open_image(path) as image:
        (item,) = image.file_systems
        return room_of(image.pread, item)


@pytest.mark.parametrize("kind", SIZES)
def test_an_empty_file_system_is_nearly_free(tmp_path: Path, kind: str) -> None:
    found = look(make(tmp_path / kind, kind, SIZES[kind], "-q"))

    assert found is not None
    assert found.size <= SIZES[kind]
    assert found.free > found.size // 2


@pytest.mark.parametrize("kind", ["ext4", "btrfs"])
def test_what_a_file_takes_is_not_free(tmp_path: Path, kind: str) -> None:
    files = write_files(tmp_path / "files", {"large": b"x" * LARGE})
    flag = {"ext4": "-d", "btrfs": "--rootdir"}[kind]
    empty = look(make(tmp_path / "empty", kind, SIZES[kind], "-q"))
    full = look(make(tmp_path / "full", kind, SIZES[kind], "-q", flag, str(files)))

    assert empty is not None
    assert full is not None
    assert empty.free - full.free >= LARGE


def test_fat_tells_it_in_a_sector_of_its_own(tmp_path: Path) -> None:
    found = look(make(tmp_path / "fat", "vfat", 64 * MIB, "-F", "32"))

    assert found is not None
    assert 60 * MIB < found.free < found.size == 64 * MIB


def test_older_fat_tells_nothing(tmp_path: Path) -> None:
    assert look(make(tmp_path / "fat", "vfat", 16 * MIB, "-F", "16")) is None


@pytest.mark.parametrize("offset", [0xC, 0x18, 4])
def test_odd_numbers_are_none(tmp_path: Path, offset: int) -> None:
    path = make(tmp_path / "ext4", "ext4", SIZES["ext4"], "-q")
    patch(path, 1024 + offset, b"\xfe\xff\xff\xff")
    assert look(path) is None
