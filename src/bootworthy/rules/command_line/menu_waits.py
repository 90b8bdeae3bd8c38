"""The boot menu waits for a person."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import LoaderKind
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKernelArguments, SetKeys
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_DEFAULTS = "/etc/default/grub"

# Azure shows the menu on its serial console for as long as this.
_SECONDS = "5"


@rule(
    code="CMD-15",
    name="boot-menu-waits",
    severity=Severity.ERROR,
    why="GRUB_TIMEOUT=-1 shows the menu until a key is pressed, and nobody is there to press one.",
    when=(with_entries,),
    sources=(
        "GNU GRUB manual, Simple configuration handling, GRUB_TIMEOUT",
        sources.SERIAL_CONSOLE,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The menu starts its default entry by itself."""
    loader = subject.linux.boot_loader
    if loader.kind is not LoaderKind.GRUB2 or loader.defaults.get("GRUB_TIMEOUT") != "-1":
        return
    keys = SetKeys(path=_DEFAULTS, settings=(("GRUB_TIMEOUT", _SECONDS),))
    menu = SetKernelArguments(variables=("GRUB_TIMEOUT",))
    yield Violation(
        message="the boot menu waits for a key for ever",
        place=Place(_DEFAULTS),
        found="GRUB_TIMEOUT=-1",
        expected=f"GRUB_TIMEOUT={_SECONDS}",
        fix=Fix(
            title="let the menu go on by itself",
            steps=(keys, menu),
        ),
    )
