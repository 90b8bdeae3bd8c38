"""Raw disks and block devices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.extents import Extent, Kind
from bootworthy.disk.formats import raw
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, opened, patch, patterned, sparse


def test_reads_every_byte(tmp_path: Path) -> None:
    disk = patterned(tmp_path / "disk")

    with open_container(tmp_path / "disk") as container:
        assert container.format == "raw"
        assert container.virtual_size == container.file_size == len(disk)
        assert container.pread(0, len(disk)) == disk
        assert container.pread(len(disk) - 10, 100) == disk[-10:]
        assert container.pread(len(disk), 1) == b""


def test_holes_of_the_file_are_holes_of_the_disk(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 8 * MIB)
    patch(path, 2 * MIB, b"a" * 65536)

    with open_container(path) as container:
        assert list(container.extents()) == [
            Extent(0, 2 * MIB, Kind.HOLE),
            Extent(2 * MIB, 65536, Kind.DATA, host=2 * MIB),
            Extent(2 * MIB + 65536, 6 * MIB - 65536, Kind.HOLE),
        ]


def test_a_disk_over_a_descriptor_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 2 * MIB)

    with opened(path) as fd:
        with raw.over_fd(fd, MIB, path="body") as container:
            before = container.pread(0, 4), len(container.extents())
            os.pwrite(fd, b"data", 0)
            after = container.pread(0, 4), len(container.extents())
            assert container.virtual_size == MIB
        assert os.fstat(fd).st_size == 2 * MIB

    assert before == (bytes(4), 0)
    assert after == (b"data", 1)


def test_a_descriptor_of_too_short_a_file_is_refused(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", MIB)

    with opened(path) as fd, pytest.raises(ImageError) as caught:
        raw.over_fd(fd, 2 * MIB, path="body")

    assert caught.value.code == "image-truncated"


def test_a_file_that_shrinks_under_us_is_an_error_and_not_zeros(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 2 * MIB)

    with open_container(path) as container:
        os.truncate(path, MIB)
        with pytest.raises(ImageError) as caught:
            container.pread(MIB, 512)

    assert caught.value.code == "image-truncated"
