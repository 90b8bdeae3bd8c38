"""Stored zeros, told from data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.hostfile import open_host_file
from bootworthy.disk.zeros import worth_copying
from tests.disk.making import MIB, opened

KIB = 1024


def runs(path: Path, start: int, length: int) -> list[tuple[int, int]]:
    file = open_host_file(os.fspath(path))
    try:
        return list(worth_copying(file, start, length))
    finally:
        file.close()


def stored(path: Path, size: int, *data: tuple[int, bytes]) -> Path:
    """A file without holes: zeros, and some data."""
    content = bytearray(size)
    for place, text in data:
        content[place : place + len(text)] = text
    path.write_bytes(content)
    return path


def test_zeros_are_left_out(tmp_path: Path) -> None:
    path = stored(tmp_path / "f", 4 * MIB, (MIB + 70 * KIB, b"x"), (3 * MIB, b"y" * MIB))

    assert runs(path, 0, 4 * MIB) == [(MIB + 64 * KIB, 64 * KIB), (3 * MIB, MIB)]


def test_a_window_that_is_not_aligned(tmp_path: Path) -> None:
    path = stored(tmp_path / "f", 4 * MIB, (5000, b"x"), (4 * MIB - 1, b"y"))

    found = runs(path, 4096, 4 * MIB - 4096)

    assert found[0][0] == 4096
    assert found[-1][0] + found[-1][1] == 4 * MIB
    assert sum(length for _, length in found) <= 2 * 64 * KIB


@pytest.mark.parametrize("size", [1, 511, 64 * KIB - 1, MIB + 1])
def test_small_files(tmp_path: Path, size: int) -> None:
    assert runs(stored(tmp_path / "a", size, (size - 1, b"x")), 0, size)[-1][1] <= 64 * KIB
    assert runs(stored(tmp_path / "b", size), 0, size) == []


def test_nothing_of_the_disk_is_lost(tmp_path: Path) -> None:
    path = stored(
        tmp_path / "f", 5 * MIB + 512, *((place * 77_777, b"%d" % place) for place in range(60))
    )

    with open_container(path) as disk, opened(tmp_path / "o", os.O_RDWR | os.O_CREAT) as fd:
        copy_disk(disk, fd)

    assert (tmp_path / "o").read_bytes() == path.read_bytes()


def test_a_stored_zero_disk_becomes_sparse(tmp_path: Path) -> None:
    path = stored(tmp_path / "f", 8 * MIB, (0, b"MBR"))

    with open_container(path) as disk, opened(tmp_path / "o", os.O_RDWR | os.O_CREAT) as fd:
        result = copy_disk(disk, fd)
        copy_disk(disk, fd, find_zeros=False)

    assert result.written_bytes == 64 * KIB
    assert (tmp_path / "o").stat().st_blocks * 512 >= 8 * MIB
