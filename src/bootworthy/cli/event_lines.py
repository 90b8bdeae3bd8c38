"""Events as JSON lines on a file descriptor, for programs that drive bootworthy."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from typing import Any

import click

from bootworthy.model.events import Event, Observer


class EventLines:
    """Writes one JSON object a line; when nobody reads any more, the run goes on without."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if self._fd is None:
            return
        data = (json.dumps(as_data(event)) + "\n").encode("ascii")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            self._fd = None


def as_data(event: Event) -> dict[str, Any]:
    """An event as JSON-able data: ``StepStarted`` is ``step-started``."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(event).__name__).lower()
    return {"event": kind} | asdict(event)


def both(first: Observer, second: Observer) -> Observer:
    """An observer that tells two."""

    def observe(event: Event) -> None:
        first(event)
        second(event)

    return observe


class DescriptorType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """An open file descriptor that can be written."""

    name = "fd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Refuse a descriptor that is not open before the run begins."""
        try:
            number = int(value)
            os.write(number, b"")
        except (ValueError, OSError, OverflowError) as error:
            self.fail(f"{value} is no file descriptor that can be written: {error}", param, ctx)
        return number
