"""The boot loader's configuration is not what its defaults would make of it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import LoaderKind
from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import line_of, place_of, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


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
    """Each normal entry has every argument that the defaults ask for."""
    loader = subject.linux.boot_loader
    if loader.kind is not LoaderKind.GRUB2:
        return
    names = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
    wanted = [word for name in names for word in loader.defaults.get(name, "").split()]
    for entry in loader.entries:
        missing = [word for word in wanted if not entry.has(word)]
        if missing and not entry.recovery:
            yield Violation(
                message="the boot menu is older than the defaults it is made from",
                place=place_of(entry),
                found=line_of(entry),
                expected=" ".join(wanted),
                fix=Fix(title="write the boot menu anew", steps=(SetKernelArguments(),)),
            )
            return
