"""Memory is set aside for a crash kernel by crashkernel=auto."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


def _not_kept(subject: Subject) -> str:
    return "--keep-crashkernel" if subject.intent.keep_crashkernel else ""


@rule(
    code="CMD-08",
    name="crashkernel-auto",
    severity=Severity.NOTE,
    why="It takes 128 MB or more from small machines; kernels of today ignore the word auto.",
    when=(_not_kept, with_entries),
    article=(42,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry has crashkernel=auto; a size of one's own stays."""
    yield from unwanted_tokens(
        subject, "crashkernel=auto".__eq__, "{} reserves memory for a crash kernel"
    )
