"""What a guest program prints: its last part kept, every line told to an observer."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable, Mapping

from bootworthy.model.events import Observer, ProgramOutput

# Of stdout and stderr together; a failing package manager says what matters at the end.
_KEPT = 256 << 10

# A progress bar is one long line.
_MAX_LINE = 4096


class Output:
    """Collects the output of ``program`` as it comes."""

    def __init__(self, program: str, observer: Observer) -> None:
        self._program = program
        self._observer = observer
        self._kept = bytearray()
        self._line = bytearray()

    def feed(self, data: bytes) -> None:
        """Take more output."""
        self._kept += data
        del self._kept[:-_KEPT]
        self._line += data
        *lines, rest = self._line.split(b"\n")
        self._line = bytearray(rest)
        for line in lines:
            self._tell(line)
        while len(self._line) > _MAX_LINE:
            self._tell(self._line[:_MAX_LINE])
            del self._line[:_MAX_LINE]

    def end(self) -> str:
        """The last 256 KiB as text; what is not UTF-8 is replaced."""
        if self._line:
            self._tell(self._line)
            self._line.clear()
        return self._kept.decode("utf-8", "replace")

    def _tell(self, line: bytes | bytearray) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        self._observer(ProgramOutput(program=self._program, line=text))


def drain(sinks: Mapping[int, Callable[[bytes], None]], deadline: float) -> bool:
    """Hand what the pipes bring to their sinks until both end, or the deadline is over."""
    with selectors.DefaultSelector() as selector:
        for fd, sink in sinks.items():
            selector.register(fd, selectors.EVENT_READ, sink)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                if data:
                    key.data(data)
                else:
                    selector.unregister(key.fd)
    return True
