"""What the fabric saw, in order: the evidence that a verdict rests on."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import IO

from bootworthy.rehearsal.fabric.clock import Clock

# A guest gone wild must not fill the memory or the disk: a rehearsal has some hundred events.
_MOST_EVENTS = 20_000
_LONGEST_DETAIL = 2000

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]+")


@dataclass(frozen=True, slots=True)
class FabricEvent:
    """One thing the guest asked or told; ``at`` is seconds since power-on.

    ``kind`` is stable and meant for programs, ``detail`` is what the guest said, for people.
    """

    at: float
    service: str
    kind: str
    detail: str


class EventLog:
    """Grows while the guest runs; every method may be called from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._file: IO[str] | None = None
        self._events: list[FabricEvent] = []
        self._grown = threading.Condition()

    @contextmanager
    def copy_to(self, file: IO[str]) -> Iterator[None]:
        """Write each event to the file as well, a JSON object a line; close it in the end."""
        with self._grown:
            self._file = file
        try:
            yield
        finally:
            with self._grown:
                self._file = None
            # What a full disk did not take is tried once more here, and was given up before.
            with suppress(OSError):
                file.close()

    def __len__(self) -> int:
        with self._grown:
            return len(self._events)

    def __iter__(self) -> Iterator[FabricEvent]:
        return iter(self.since(0))

    def add(self, service: str, kind: str, detail: str = "") -> None:
        """Note that something happened now."""
        clean = _UNPRINTABLE.sub(" ", detail)[:_LONGEST_DETAIL]
        with self._grown:
            if len(self._events) >= _MOST_EVENTS:
                return
            if len(self._events) == _MOST_EVENTS - 1:
                service, kind, clean = "network", "events-dropped", "too many events to keep"
            event = FabricEvent(round(self._clock(), 3), service, kind, clean)
            self._events.append(event)
            self._write(event)
            self._grown.notify_all()

    def since(self, index: int) -> Sequence[FabricEvent]:
        """The events from the given one on."""
        with self._grown:
            return tuple(self._events[index:])

    def wait_for(
        self, predicate: Callable[[FabricEvent], bool], timeout: float
    ) -> FabricEvent | None:
        """The first event, past or to come, that the predicate takes; None after ``timeout`` s."""
        seen = 0

        def _found() -> FabricEvent | None:
            nonlocal seen
            while seen < len(self._events):
                seen += 1
                if predicate(self._events[seen - 1]):
                    return self._events[seen - 1]
            return None

        with self._grown:
            return self._grown.wait_for(_found, timeout)

    def _write(self, event: FabricEvent) -> None:
        if self._file is None:
            return
        try:
            print(json.dumps(asdict(event), ensure_ascii=False), file=self._file, flush=True)
        except OSError:
            # A full disk costs the copy, not the rehearsal.
            self._file = None
