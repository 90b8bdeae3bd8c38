"""Runs of data in sparse files."""

from __future__ import annotations

import os
from pathlib import Path

from bootworthy.disk.sparse import data_runs
from tests.disk.making import MIB, opened, patch, sparse


def test_finds_what_was_written(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 8 * MIB)
    patch(path, MIB, b"a" * 65536)
    patch(path, 4 * MIB, b"b" * 65536)

    with opened(path) as fd:
        assert list(data_runs(fd, 0, 8 * MIB)) == [
            (MIB, MIB + 65536),
            (4 * MIB, 4 * MIB + 65536),
        ]
        assert list(data_runs(fd, MIB + 4096, 2 * MIB)) == [(MIB + 4096, MIB + 65536)]
        assert list(data_runs(fd, 5 * MIB, 8 * MIB)) == []
        assert list(data_runs(fd, 0, 8 * MIB, max_runs=1)) == [(MIB, 8 * MIB)]


def test_all_is_data_where_nobody_can_tell() -> None:
    # A pipe cannot be seeked, as some network file systems cannot tell holes.
    reading, writing = os.pipe()

    assert list(data_runs(reading, 0, 100)) == [(0, 100)]

    os.close(reading)
    os.close(writing)
