"""The boot stops to be talked to, and nobody can."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import drop, line_of, place_of, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_WORDS = frozenset(
    ("single", "1", "s", "S", "emergency", "rescue", "rd.break", "-b", "systemd.confirm_spawn")
)
_STARTS = (
    "init=",
    "rdinit=",
    "break=",
    "rd.break=",
    "systemd.unit=rescue",
    "systemd.unit=emergency",
    "systemd.confirm_spawn=",
)

# What init= may name without stopping the boot.
_REAL_INITS = ("/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd")


@rule(
    code="CMD-16",
    name="interactive-boot",
    severity=Severity.ERROR,
    why="The machine waits for a person on its console until Azure gives up provisioning.",
    when=(with_entries,),
    sources=(sources.PROVISIONING_ERRORS, sources.KERNEL_PARAMETERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The default entry boots to the end."""
    for entry in subject.linux.boot_loader.entries:
        if entry.default and (tokens := tuple(filter(_stops, entry.arguments))):
            yield Violation(
                message=f"the default boot entry stops: {' '.join(tokens)}",
                place=place_of(entry),
                found=line_of(entry),
                expected=f"no {', '.join(tokens)}",
                fix=drop(*tokens),
            )


def _stops(word: str) -> bool:
    if word.startswith(("init=", "rdinit=")):
        return word.partition("=")[2] not in _REAL_INITS
    return word in _WORDS or word.startswith(_STARTS)
