"""The wait for a slow root disk is not set, or is set where it stalls every boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import (
    drop,
    line_of,
    missing_token,
    place_of,
    with_entries,
)
from bootworthy.rules.conditions import x64
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-05",
    name="rootdelay-wrong",
    severity=Severity.NOTE,
    why="Storage can be slow to appear; with an initramfs the value only bounds the wait.",
    when=(x64, with_entries),
    article=(37,),
    sources=(sources.ARTICLE, sources.CERTIFICATION, sources.KERNEL_PARAMETERS),
    deviation="without an initramfs the kernel sleeps all 300 seconds on every boot: there the "
    "rule takes rootdelay out",
)
def check(subject: Subject) -> Iterator[Violation]:
    """rootdelay= is on every entry that has an initramfs, and on no other."""
    for entry in subject.linux.boot_loader.entries:
        if entry.values("rootdelay") and not entry.initrds:
            token = f"rootdelay={entry.values('rootdelay')[-1]}"
            yield Violation(
                message=f"{token} stalls a boot without initramfs for its whole length",
                place=place_of(entry),
                found=line_of(entry),
                expected="rootwait, or nothing",
                fix=drop(token),
                severity=Severity.WARNING,
            )
            return
    yield from missing_token(
        subject,
        lambda entry: bool(entry.values("rootdelay")) or not entry.initrds,
        "rootdelay=300",
        "the wait for the root disk is not set",
    )
