"""Swap space and logical volumes: what of them is nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.disk.free_space import free_spans
from tests.disk.lvm import volume_groups
from tests.disk.lvm.volume_groups import EXTENT, group, physical_volume, segment, volume
from tests.disk.making import MIB, needs, patch, reader, run, sparse
from tests.disk.test_free_space import KINDS, expected
from tests.disk.test_free_space import make as make_ext

pytestmark = needs("mkswap", "mke2fs", "debugfs", "dumpe2fs", "e2fsck")

_KEPT = 64 << 10
_SIZE = 8 * MIB
Span = tuple[int, int]


def made(path: Path, size: int = _SIZE, *options: str) -> Path:
    run("mkswap", *options, sparse(path, size))
    return path


def found(path: Path) -> list[Span]:
    return list(free_spans(reader(path), path.stat().st_size))


@pytest.mark.parametrize("page", ["4096", "16384", "65536"])
def test_all_pages_behind_the_header_are_free(page: str, tmp_path: Path) -> None:
    disk = made(tmp_path / "swap.raw", _SIZE, "--pagesize", page)

    assert found(disk) == [(_KEPT, _SIZE)]
    # What is sent in their place is swap space still.
    patch(disk, _KEPT, bytes(_SIZE - _KEPT))
    assert 'TYPE="swap"' in run("blkid", "-p", disk)


def test_pages_that_the_header_does_not_count_are_not_free(tmp_path: Path) -> None:
    disk = made(tmp_path / "swap.raw")
    with disk.open("r+b") as file:
        file.truncate(2 * _SIZE)

    assert found(disk) == [(_KEPT, _SIZE)]


@pytest.mark.parametrize(
    ("offset", "data"),
    [
        (4086, b"S1SUSPEND\0"),  # a hibernated machine
        (1024, b"\2"),  # a header of another version
        (1028, b"\xff\xff\xff\xff"),  # more pages than there are
        (1028, bytes(4)),
        (0x438, b"\x53\xef"),  # signs of an ext file system
    ],
)
def test_what_is_not_certain_is_not_free(offset: int, data: bytes, tmp_path: Path) -> None:
    disk = made(tmp_path / "swap.raw")
    patch(disk, offset, data)

    assert found(disk) == []


def test_a_file_system_with_an_old_signature_of_swap_has_nothing_free(tmp_path: Path) -> None:
    disk = make_ext(tmp_path / "disk.raw", KINDS["ext4"])
    assert found(disk) != []
    patch(disk, 4086, b"SWAPSPACE2")

    assert found(disk) == []


def in_volumes(folder: Path, text: str) -> Path:
    """A physical volume of 60 MiB that this describes, with an ext4 and swap space in it."""
    disk = folder / "disk.raw"
    disk.write_bytes(physical_volume(text))
    root = make_ext(folder / "root.raw", (*KINDS["ext4"], "-b", "4096"), 10 * EXTENT)
    patch(disk, MIB, root.read_bytes())
    patch(disk, MIB + 10 * EXTENT, made(folder / "swap.raw", 2 * EXTENT).read_bytes())
    return disk


def test_logical_volumes_are_looked_into(tmp_path: Path) -> None:
    text = group(volume("root", segment(1, 0, 10, 0)), volume("swap", segment(1, 0, 2, 10)))
    disk = in_volumes(tmp_path, text)

    inside = [(MIB + start, MIB + end) for start, end in expected(tmp_path / "root.raw")]
    swap = MIB + 10 * EXTENT
    assert found(disk) == [*inside, (swap + _KEPT, swap + 2 * EXTENT)]
    assert disk.stat().st_size == volume_groups.SIZE


@pytest.mark.parametrize("kind", ["thin-pool", "snapshot", "raid1"])
def test_a_group_that_needs_device_mapper_has_nothing_free(kind: str, tmp_path: Path) -> None:
    text = group(volume("root", segment(1, 0, 10, 0)), volume("swap", segment(1, 0, 2, 10, kind)))

    assert found(in_volumes(tmp_path, text)) == []
