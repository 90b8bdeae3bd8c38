"""The kernel's first messages, before its console is up, go nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import missing_token, with_entries
from bootworthy.rules.conditions import x64
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-04",
    name="earlyprintk-missing",
    severity=Severity.NOTE,
    why="A kernel that dies early leaves no word on Azure's serial log without it.",
    when=(x64, with_entries),
    article=(39,),
    sources=(sources.ARTICLE, sources.CERTIFICATION),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every entry has earlyprintk=ttyS0, with or without a speed."""
    yield from missing_token(
        subject,
        lambda entry: any(map(_is_first_port, entry.values("earlyprintk"))),
        "earlyprintk=ttyS0",
        "early kernel messages do not go to the serial console",
    )


def _is_first_port(value: str) -> bool:
    """Ports by name, or serial alone (arch/x86/kernel/early_printk.c, setup_early_printk)."""
    return value == "serial" or value.removeprefix("serial,").split(",")[0] in ("ttyS0", "0x3f8")
