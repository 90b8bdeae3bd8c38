"""What happens during a run, as values an observer receives; nothing below ``cli`` prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A named piece of work began."""

    title: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A named piece of work ended; ``seconds`` is wall time."""

    title: str
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BytesMoved:
    """Progress of a copy: ``done`` and ``total`` are bytes of data that really travel."""

    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that is neither a finding nor an error."""

    text: str


@dataclass(frozen=True, slots=True)
class ProgramOutput:
    """One line that a guest program printed; shown with ``-v`` and kept for error messages."""

    program: str
    line: str


Event: TypeAlias = StepStarted | StepFinished | BytesMoved | Note | ProgramOutput
Observer: TypeAlias = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Observe nothing: the default for library callers."""
