"""The kernel does not talk on the serial console, or not on it last."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import console_not_last, with_entries
from bootworthy.rules.conditions import x64
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-02",
    name="serial-console-missing",
    severity=Severity.WARNING,
    why="Azure shows nothing of a boot but the first serial port; certification asks for it.",
    when=(x64, with_entries),
    article=(38,),
    sources=(sources.ARTICLE, sources.CERTIFICATION, sources.SERIAL_CONSOLE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """console=ttyS0 is the last console= of every entry: the last one is /dev/console."""
    yield from console_not_last(subject, "ttyS0")
