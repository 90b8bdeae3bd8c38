from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from tests import machine


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock that no machine of another worker holds, and no turn of this one."""
    path = tmp_path / "machine.lock"
    monkeypatch.setattr(machine, "_LOCK", path)
    monkeypatch.setattr(machine, "_held", [])
    return path


def is_free(lock: Path) -> bool:
    with lock.open("w") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_others_wait_until_the_turn_is_over(lock: Path) -> None:
    with machine.turn():
        assert not is_free(lock)
    assert is_free(lock)


def test_a_test_that_has_its_turn_keeps_it_to_its_end(lock: Path) -> None:
    with machine.turn():
        with machine.turn():
            pass
        assert not is_free(lock)
    assert is_free(lock)


def test_a_turn_ends_with_an_error_too(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), machine.turn():
        _ = 1 // 0
    assert is_free(lock)
    with machine.turn():
        assert not is_free(lock)
