"""Threads that work through windows side by side; the first error ends them all."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from bootworthy.azure.pace import Pace, Stopped
from bootworthy.disk.vhd_stream import Span

_LOOK = 0.1

# After an interrupt: a request under way may end, a stalled one is left behind.
_LAST_WAIT = 3.0


class Crew:
    """``workers`` threads; ``watch`` is called in the caller's thread while they work."""

    def __init__(self, pace: Pace, workers: int, watch: Callable[[], None]) -> None:
        self._pace = pace
        self._workers = workers
        self._watch = watch
        self._error: BaseException | None = None
        self._done = threading.Condition()
        self._running = 0

    def run(self, take: Callable[[], Span | None], work: Callable[[Span], None]) -> None:
        """Call ``work`` for every window that ``take`` gives, until it gives None.

        Raises:
            BaseException: the first that ``take`` or ``work`` raised, or an interrupt.
        """
        threads = [
            threading.Thread(target=self._loop, args=(take, work), daemon=True, name=f"send-{n}")
            for n in range(self._workers)
        ]
        self._running = len(threads)
        try:
            for thread in threads:
                thread.start()
            self._wait()
        except BaseException:
            self._pace.stop()
            _join(threads, _LAST_WAIT)
            raise
        _join(threads, None)
        if self._error is not None:
            raise self._error

    def _wait(self) -> None:
        while True:
            with self._done:
                if self._done.wait_for(lambda: self._running == 0, timeout=_LOOK):
                    break
            self._watch()
        self._watch()

    def _loop(self, take: Callable[[], Span | None], work: Callable[[Span], None]) -> None:
        try:
            while not self._pace.stopped and (window := take()) is not None:
                work(window)
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._error = self._error or error
            self._pace.stop()
        finally:
            with self._done:
                self._running -= 1
                self._done.notify_all()


def _join(threads: list[threading.Thread], limit: float | None) -> None:
    deadline = None if limit is None else time.monotonic() + limit
    for thread in threads:
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        with contextlib.suppress(RuntimeError):
            thread.join(left)
