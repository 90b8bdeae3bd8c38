"""Places that tables name: each used once, each inside the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.disk.extents import Kind, make_rows
from bootworthy.disk.hostfile import HostFile
from bootworthy.disk.placement import refuse_beyond, refuse_shared
from bootworthy.model.errors import ImageError
from tests.disk.making import sparse


@pytest.fixture
def file(tmp_path: Path) -> Iterator[HostFile]:
    """A file of 8 KiB."""
    opened = HostFile("file", os.open(sparse(tmp_path / "file", 8192), os.O_RDONLY))
    yield opened
    opened.close()


def test_each_place_is_used_once(file: HostFile) -> None:
    apart = make_rows([0, 4096, 8192], 4096, Kind.DATA, host=[4096, 0, 0], file=[0, 0, 1])
    refuse_shared(file, apart)
    refuse_shared(file, make_rows([0, 4096], 4096, Kind.ZERO, host=[0, 0]))
    refuse_shared(file, make_rows([0, 4096], 4096, Kind.ENCODED, host=[0, 100], stored=4000))

    for host in ([0, 0], [4095, 0], [0, 1]):
        with pytest.raises(ImageError, match="share one place"):
            refuse_shared(file, make_rows([0, 4096], 4096, Kind.DATA, host=host))
    with pytest.raises(ImageError, match="share one place"):
        refuse_shared(file, make_rows([0, 4096], 4096, Kind.ENCODED, host=[7, 7]))


def test_each_place_is_in_the_file(file: HostFile) -> None:
    refuse_beyond(file, make_rows(0, 4096, Kind.DATA, host=4096))
    refuse_beyond(file, make_rows(0, 65536, Kind.ENCODED, host=8191))
    refuse_beyond(file, make_rows(0, 65536, Kind.ZERO))

    for rows in (
        make_rows(0, 4096, Kind.DATA, host=4097),
        make_rows(0, 4096, Kind.ENCODED, host=8192),
    ):
        with pytest.raises(ImageError) as caught:
            refuse_beyond(file, rows, "grain")
        assert caught.value.code == "image-truncated"
        assert "grain" in caught.value.message
