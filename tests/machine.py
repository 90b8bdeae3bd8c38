"""One emulated machine at a time, however many test workers there are.

Each fills two cores for minutes: two at once would only run into their limits.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.guests.cache import CACHE

_LOCK = CACHE / "machine.lock"
_held: list[bool] = []


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other worker emulates a machine; a test that has its turn keeps it."""
    if _held:
        yield
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _held.append(True)
        try:
            yield
        finally:
            _held.clear()
