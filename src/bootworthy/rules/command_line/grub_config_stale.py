"""The boot loader's configuration is not what its defaults would make of it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import LoaderKind
from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import (
    default_arguments,
    violation,
    with_entries,
)
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_QUOTED = frozenset("\"'\\$`")


@rule(
    code="CMD-09",
    name="boot-config-stale",
    severity=Severity.WARNING,
    why="An edit of the defaults does nothing until the configuration that boots is written anew.",
    when=(with_entries,),
    article=(43,),
    sources=(sources.ARTICLE,),
    deviation="the article writes /boot/grub2/grub.cfg everywhere; the file that this "
    "distribution's boot loader really reads is written",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Some normal entry has every argument that the defaults ask for."""
    loader = subject.linux.boot_loader
    if loader.kind is not LoaderKind.GRUB2:
        return
    # What GRUB would quote looks different in the menu.
    wanted = [word for word in default_arguments(loader) if not set(word) & _QUOTED]
    normal = [entry for entry in loader.entries if not entry.recovery]
    # Entries of other systems and a person's own have arguments of their own.
    if normal and not any(all(map(entry.has, wanted)) for entry in normal):
        yield violation(
            normal,
            "the boot menu is older than the defaults it is made from",
            expected=" ".join(wanted),
            fix=Fix(title="write the boot menu anew", steps=(SetKernelArguments(),)),
        )
