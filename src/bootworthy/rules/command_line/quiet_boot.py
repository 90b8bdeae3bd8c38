"""The boot is quiet or graphical, so that its messages do not reach the serial console."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_QUIET = frozenset(("rhgb", "quiet", "splash", "splash=silent", "splash=verbose"))


@rule(
    code="CMD-07",
    name="quiet-boot",
    severity=Severity.WARNING,
    why="When a machine does not come up, the serial log is all there is to read.",
    when=(with_entries,),
    article=(41,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry has rhgb, quiet or splash."""
    yield from unwanted_tokens(subject, _QUIET.__contains__, "{} hides the boot messages")
