"""How many requests are under way at once, and how fast bytes leave.

The number of connections follows what the service and the line bear: one more after each round that
went well, half after being pushed back (additive increase, multiplicative decrease, as in TCP).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_FIRST = 4.0

# Several requests of one round are refused together; that is one push, not many.
_ROUND = 1.0


class Stopped(Exception):  # noqa: N818 - not an error: the work was called off
    """The transfer ends, because of another thread's error or an interrupt."""


class Pace:
    """Lets up to ``most`` requests run at once, and ``rate`` bytes a second (None: as they go)."""

    def __init__(
        self, most: int, rate: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = float(most)
        self._limit = min(_FIRST, self._most)
        self._rate = rate
        self._clock = clock
        self._running = 0
        self._pushed = -_ROUND
        self._not_before = 0.0
        self._changed = threading.Condition()
        self._stopped = False

    @property
    def limit(self) -> int:
        """How many requests may run at once now."""
        return int(self._limit)

    @property
    def stopped(self) -> bool:
        """Whether no new request may begin."""
        return self._stopped

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Wait for a turn to move ``size`` bytes, and hold it.

        Raises:
            Stopped: the transfer ends.
        """
        with self._changed:
            self._wait_for_turn()
            self._running += 1
        try:
            self._wait_for_bytes(size)
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _wait_for_turn(self) -> None:
        while True:
            if self._stopped:
                raise Stopped
            if self._running < int(self._limit):
                return
            self._changed.wait()

    def _wait_for_bytes(self, size: int) -> None:
        if self._rate is None:
            return
        with self._changed:
            now = self._clock()
            begin = max(self._not_before, now)
            self._not_before = begin + size / self._rate
        self.sleep(begin - now)

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the transfer lives.

        Raises:
            Stopped: the transfer ends.
        """
        with self._changed:
            if self._changed.wait_for(lambda: self._stopped, timeout=max(seconds, 0.0)):
                raise Stopped

    def went_well(self) -> None:
        """A request was answered: a little more is tried."""
        with self._changed:
            self._limit = min(self._limit + 1 / self._limit, self._most)
            self._changed.notify()

    def pushed_back(self) -> None:
        """The service or the line could not keep up: do half of it."""
        with self._changed:
            now = self._clock()
            if now - self._pushed >= _ROUND:
                self._pushed = now
                self._limit = max(self._limit / 2, 1.0)

    def stop(self) -> None:
        """Let nothing new begin; whoever waits is told."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
