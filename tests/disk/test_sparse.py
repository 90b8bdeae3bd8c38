"""Runs of data in sparse files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.sparse import DataMap, data_runs
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


def test_a_map_tells_the_same(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 8 * MIB)
    for place in (MIB, 2 * MIB, 4 * MIB):
        patch(path, place, b"a" * 65536)

    with opened(path) as fd:
        known = DataMap(fd)
        for start in (5 * MIB, 2 * MIB + 4096, 0, MIB + 4096, 3 * MIB, 0, 2 * MIB):
            for length in (1, 4096, MIB, 3 * MIB):
                expected = list(data_runs(fd, start, start + length))
                assert list(known.runs(start, start + length)) == expected


def test_a_map_asks_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").write_bytes(b"a" * MIB)
    calls = []
    real = os.lseek

    def counted(fd: int, offset: int, whence: int) -> int:
        calls.append(whence)
        return real(fd, offset, whence)

    with opened(tmp_path / "disk") as fd:
        monkeypatch.setattr(os, "lseek", counted)
        known = DataMap(fd)
        for start in range(0, MIB, 4096):
            assert list(known.runs(start, start + 4096)) == [(start, start + 4096)]
        monkeypatch.undo()

    assert calls == [os.SEEK_DATA, os.SEEK_HOLE]
