"""Progress on stderr: a bar with bytes, rate and time left on a terminal, lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli.event_lines import EventLines, both
from bootworthy.cli.terminal import is_terminal
from bootworthy.model.events import (
    BytesMoved,
    Event,
    Note,
    Observer,
    ProgramOutput,
    StepFinished,
    StepStarted,
    ignore,
)
from bootworthy.model.quantities import human_seconds, human_size

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# A log gets one line of progress in this many seconds.
_LOG_INTERVAL = 10.0


@contextmanager
def observing(
    progress: str, *, quiet: bool, verbose: int, events_fd: int | None = None
) -> Iterator[Observer]:
    """The observer for ``--progress``, ``-q``, ``-v`` and ``--events-fd``."""
    with _shown(progress, quiet=quiet, verbose=verbose) as shown:
        yield shown if events_fd is None else both(shown, EventLines(events_fd))


def observing_as(given: Mapping[str, Any]) -> AbstractContextManager[Observer]:
    """The observer that a verb's options ask for, all of ``options.TALK`` at once."""
    return observing(
        given["progress"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        events_fd=given["events_fd"],
    )


@contextmanager
def _shown(progress: str, *, quiet: bool, verbose: int) -> Iterator[Observer]:
    if progress == "json":
        yield EventLines(sys.stderr.fileno())
    elif quiet or progress == "none":
        yield ignore
    elif progress == "auto" and is_terminal(sys.stderr):
        with _bar() as bar:
            yield _Terminal(bar, verbose=verbose > 0)
    else:
        yield _Log(verbose=verbose > 0)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _finished(event: StepFinished) -> str:
    detail = f"  {event.detail}" if event.detail else ""
    return f"[{human_seconds(event.seconds):>8}] {event.title}{detail}"


class _Log:
    """Plain lines, for files and CI."""

    def __init__(self, *, verbose: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._verbose = verbose
        self._clock = clock
        self._started = 0.0
        self._said = 0.0
        self._first: int | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._started = self._said = self._clock()
                self._first = None
            case StepFinished():
                _say(_finished(event))
            case Note():
                _say(f"note: {event.text}")
            case BytesMoved():
                self._moved(event)
            case ProgramOutput() if self._verbose:
                _say(f"    {event.program}: {event.line}")

    def _moved(self, event: BytesMoved) -> None:
        now = self._clock()
        if self._first is None:
            # What an earlier run did, when this one goes on: it says nothing of the rate.
            self._first = event.done
        if now - self._said < _LOG_INTERVAL:
            return
        self._said = now
        rate = (event.done - self._first) / max(now - self._started, 1e-6)
        left = (event.total - event.done) / max(rate, 1.0)
        _say(
            f"{event.title}: {human_size(event.done)} of {human_size(event.total)}, "
            f"{human_size(int(rate))}/s, {human_seconds(left)} left"
        )


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True, highlight=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress


class _Terminal:
    """A live line for the step at work; finished steps stay above it."""

    def __init__(self, bar: Progress, *, verbose: bool) -> None:
        self._bar = bar
        self._verbose = verbose
        self._task: TaskID | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._end()
                self._task = self._bar.add_task(event.title, total=None)
            case StepFinished():
                self._end()
                self._print(_finished(event))
            case Note():
                self._print(f"note: {event.text}")
            case BytesMoved() if self._task is not None:
                self._bar.update(self._task, completed=event.done, total=event.total)
            case ProgramOutput() if self._verbose:
                self._print(f"    {event.program}: {event.line}")

    def _print(self, text: str) -> None:
        self._bar.console.print(text, markup=False, soft_wrap=True)

    def _end(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
