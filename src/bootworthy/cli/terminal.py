"""Styled lines on a terminal, plain ones everywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from bootworthy.report.plain import printable
from bootworthy.report.styled import Line, Style

_LOOKS = {
    Style.ERROR: "bold red",
    Style.WARNING: "bold yellow",
    Style.NOTE: "cyan",
    Style.STRONG: "bold",
    Style.FAINT: "dim",
    Style.GOOD: "bold green",
    Style.ADDED: "green",
    Style.REMOVED: "red",
}


def is_terminal(stream: TextIO) -> bool:
    """Whether a person watches this stream."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour(stream: TextIO) -> bool:
    """NO_COLOR (https://no-color.org) and FORCE_COLOR before what the stream is."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def print_lines(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Write styled lines, with colour where it is wanted."""
    out = stream or sys.stdout
    if not wants_colour(out):
        for line in lines:
            out.write("".join(printable(span.text) for span in line) + "\n")
        return
    _print_coloured(lines, out)


def _print_coloured(lines: Iterable[Line], out: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, force_terminal=True, highlight=False, soft_wrap=True)
    for line in lines:
        text = Text()
        for span in line:
            text.append(printable(span.text), _LOOKS.get(span.style, ""))
        console.print(text)
