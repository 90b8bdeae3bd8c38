"""Boots that were recorded once, watched again without a machine: the clock turns by itself.

``python -m tests.boot.record NAME`` makes them.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bootworthy.model.intent import Generation
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.fabric import FabricEvent
from bootworthy.rehearsal.judge import Seen
from bootworthy.rehearsal.outcome import Outcome, Trouble
from bootworthy.rehearsal.questions import answers_in
from bootworthy.rehearsal.watch import Watch

RECORDED = Path(__file__).parent / "recorded"
PARTS = ("serial.log", "fabric.jsonl", "guest.jsonl")

_STAMPED = re.compile(r"\[ *(\d+\.\d\d)\] (.*\n)")


@dataclass
class Recording:
    """A boot as ``rehearse --keep`` left it."""

    lines: Sequence[tuple[float, str]]
    happened: Sequence[FabricEvent]
    asked: Sequence[dict[str, Any]]
    console: Console = field(default_factory=Console)
    now: float = 0.0
    _heard: int = 0

    @classmethod
    def load(cls, name: str) -> Recording:
        """The recording of that name."""
        serial, fabric, guest = (_text(RECORDED / name / f"{part}.gz") for part in PARTS)
        stamped = [_STAMPED.fullmatch(line) for line in serial.splitlines(keepends=True)]
        assert all(stamped)
        return cls(
            lines=[(float(found[1]), found[2]) for found in stamped if found],
            happened=[FabricEvent(**json.loads(line)) for line in fabric.splitlines()],
            asked=[json.loads(line) for line in guest.splitlines()],
        )

    def seen(self, generation: Generation) -> Seen:
        """What a rehearsal of it comes to."""
        came = Watch(
            console=self.console,
            events=self._events,
            seconds=lambda: self.now,
            alive=lambda: True,
            log_in=self._log_in,
            generation=generation,
            pause=self._pause,
        ).until_login()
        outcome = Outcome()
        if isinstance(came, Trouble):
            outcome.troubles.append(came)
        else:
            outcome.login = came
            outcome.answers, outcome.settled = self._answers()
            # A rehearsal then waits for the agent.
            self._pause(max(0.0, self.happened[-1].at - self.now))
        return Seen(console=self.console, events=self._events(), outcome=outcome)

    def _events(self) -> tuple[FabricEvent, ...]:
        return tuple(event for event in self.happened if event.at <= self.now)

    def _pause(self, seconds: float) -> None:
        self.now += seconds
        while self._heard < len(self.lines) and self.lines[self._heard][0] <= self.now:
            at, line = self.lines[self._heard]
            self.console.feed(line.encode(), at)
            self._heard += 1

    def _log_in(self) -> str | None:
        tried = [answer for answer in self._asked("login") if answer["at"] <= self.now]
        if not tried:
            return None
        return "" if tried[-1]["status"] is not None else tried[-1]["complaint"]

    def _answers(self) -> tuple[dict[str, str], float]:
        answer = next(self._asked("questions"))
        return dict(answers_in(answer["output"])), answer["at"]

    def _asked(self, purpose: str) -> Iterator[dict[str, Any]]:
        return (answer for answer in self.asked if answer["purpose"] == purpose)


def save(directory: Path, name: str) -> None:
    """Keep what ``rehearse --keep`` left in ``directory`` as a recording."""
    (RECORDED / name).mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = directory / part
        text = source.read_bytes() if source.exists() else b""
        # Without a time in its header, the same text gives the same file.
        (RECORDED / name / f"{part}.gz").write_bytes(gzip.compress(text, mtime=0))


def _text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()
