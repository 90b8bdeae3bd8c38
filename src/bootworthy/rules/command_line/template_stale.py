"""The next kernel's boot entry would get another command line than those that boot now."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.boot_loaders.entry_files import KERNEL_COMMAND_LINE
from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.facts.boot_loader import BootEntry, EntryFormat
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_WRITTEN_FROM_IT = (EntryFormat.BOOT_LOADER_SPECIFICATION, EntryFormat.UNIFIED)


@rule(
    code="CMD-10",
    name="boot-template-stale",
    severity=Severity.WARNING,
    why="kernel-install writes the entry of each new kernel from the template, so that an update "
    "brings back a command line that does not suit Azure.",
    when=(with_entries,),
    article=(43,),
    sources=(
        sources.RHEL_PAGE,
        "https://www.freedesktop.org/software/systemd/man/kernel-install.html",
    ),
    deviation="the article regenerates grub.cfg, which holds no arguments where entries are files "
    "of their own; those files, their template and grubenv are changed together",
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/kernel/cmdline asks for what the default entry has."""
    guest = subject.linux
    if not guest.tree.is_file(KERNEL_COMMAND_LINE):
        return
    template = kernel_arguments.split(guest.tree.text_or(KERNEL_COMMAND_LINE))
    entry = next(filter(_counts, guest.boot_loader.entries), None)
    if entry is None or set(_own(template)) == set(_own(entry.arguments)):
        return
    wanted = " ".join(_own(entry.arguments))
    yield Violation(
        message="the template of later boot entries differs from the entry that boots now",
        place=Place(KERNEL_COMMAND_LINE, 1),
        found=" ".join(template),
        expected=wanted,
        fix=Fix(
            title="write the arguments of the entry into the template",
            steps=(WriteFile(path=KERNEL_COMMAND_LINE, text=wanted + "\n"),),
        ),
        related=(Place(entry.path, entry.line),),
    )


def _own(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments without the one that kernel-install puts behind those of the template."""
    return tuple(word for word in arguments if not word.startswith("systemd.machine_id="))


def _counts(entry: BootEntry) -> bool:
    return entry.default and not entry.recovery and entry.form in _WRITTEN_FROM_IT
