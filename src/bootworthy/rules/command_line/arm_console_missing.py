"""The kernel of an Arm64 image does not talk on the serial console, or not on it last."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.model.intent import Architecture
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import console_not_last, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


def _arm64(subject: Subject) -> str:
    return "" if subject.architecture is Architecture.ARM64 else "the guest is not Arm64"


@rule(
    code="CMD-03",
    name="arm-console-missing",
    severity=Severity.WARNING,
    why="Azure's Arm64 machines have a PL011 serial port, which Linux calls ttyAMA0.",
    when=(_arm64, with_entries),
    article=(38,),
    sources=(sources.LISA,),
    deviation="the article names ttyS0, which Arm64 machines do not have",
)
def check(subject: Subject) -> Iterator[Violation]:
    """console=ttyAMA0 is the last console= of every entry."""
    yield from console_not_last(subject, "ttyAMA0")
