"""Whether this machine had time for the one it emulated: a starved guest runs into limits."""

from __future__ import annotations

import re
import time
from pathlib import Path

# Documentation/accounting/psi.rst of the kernel: microseconds for which some task waited.
_FILE = Path("/proc/pressure/cpu")
_TOTAL = re.compile(r"^some .*\btotal=(\d+)$", re.MULTILINE)

# An emulated boot on a machine with nothing else to do stays far below.
_MUCH = 0.6


class Pressure:
    """Measures from when it is made; kernels without the file are never found to be busy."""

    def __init__(self, file: Path = _FILE) -> None:
        self._file = file
        self._waited = self._total()
        self._began = time.monotonic()

    def note(self) -> str:
        """What to tell of it; empty where there was time enough."""
        before, now = self._waited, self._total()
        elapsed = (time.monotonic() - self._began) * 1e6
        if before is None or now is None or now - before < elapsed * _MUCH:
            return ""
        share = min(100, round(100 * (now - before) / elapsed))
        return (
            f"this machine was busy: programs waited for a processor {share} % of the time, "
            "and a guest may have run into time limits of its own"
        )

    def _total(self) -> int | None:
        try:
            found = _TOTAL.search(self._file.read_text())
        except OSError:
            return None
        return int(found[1]) if found else None
