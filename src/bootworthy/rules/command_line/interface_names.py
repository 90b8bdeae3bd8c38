"""Network interfaces would not be called eth0, eth1, ..."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import missing_token, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-06",
    name="interface-names-not-classic",
    severity=Severity.NOTE,
    why="Network configuration for eth0 must find its card under that name on every size.",
    when=(with_entries,),
    article=(40,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every entry has net.ifnames=0."""
    yield from missing_token(
        subject,
        lambda entry: entry.has("net.ifnames=0"),
        "net.ifnames=0",
        "interfaces are named after hardware slots",
    )
