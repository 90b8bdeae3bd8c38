"""A cached file is made once, whole, and shared."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.guests import cache
from tests.guests.cache import cached, digest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")


def _write(text: str) -> cache.Maker:
    def make(path: Path, work: Path) -> None:
        assert list(work.iterdir()) == []
        path.write_text(text)

    return make


def test_is_made_once_and_read_only() -> None:
    first = cached("thing", "k1", ".raw", _write("first"))
    second = cached("thing", "k1", ".raw", _write("second"))
    assert first == second
    assert second.read_text() == "first"
    assert second.stat().st_mode & 0o777 == 0o444


def test_another_key_is_another_file() -> None:
    cached("thing", "k1", ".raw", _write("first"))
    assert cached("thing", "k2", ".raw", _write("second")).read_text() == "second"


def test_two_at_once_make_one() -> None:
    made: list[int] = []

    def slowly(path: Path, _work: Path) -> None:
        made.append(1)
        time.sleep(0.2)
        path.write_text("whole")

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(cached, "thing", "k1", ".raw", slowly) for _ in range(2)]
    assert [future.result().read_text() for future in futures] == ["whole", "whole"]
    assert len(made) == 1


def test_a_failed_build_leaves_nothing() -> None:
    def fail(path: Path, _work: Path) -> None:
        path.write_text("half")
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        cached("thing", "k1", ".raw", fail)
    assert [path.name for path in cache.CACHE.iterdir()] == [".thing-k1.raw.lock"]


def test_forgets_what_was_not_asked_for_in_a_day() -> None:
    old = cached("thing", "old", ".raw", _write("old"))
    other = cached("other", "old", ".raw", _write("other"))
    recent = cached("thing", "recent", ".raw", _write("recent"))
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (old, other):
        os.utime(path.with_name(f".{path.name}.lock"), (two_days_ago, two_days_ago))
    cached("thing", "new", ".raw", _write("new"))
    assert not old.exists()
    assert other.exists()
    assert recent.exists()


def test_digest_tells_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab") == digest(b"ab")
