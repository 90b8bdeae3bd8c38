"""Seconds since power-on, one clock for everything that is timed in a rehearsal."""

from __future__ import annotations

import time


class Clock:
    """Call it for the seconds since it was made or restarted."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    def __call__(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self._zero

    def restart(self) -> None:
        """Make now the moment zero: power-on."""
        self._zero = time.monotonic()
