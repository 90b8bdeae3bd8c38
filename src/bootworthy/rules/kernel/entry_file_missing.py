"""A boot entry starts a kernel or an initramfs that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry, EntryFormat
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_CHANGED = "have the guest write its boot menu anew, or take the entry out"


@rule(
    code="KERN-19",
    name="boot-entry-file-missing",
    severity=Severity.ERROR,
    why="The boot loader stops with an error, or the kernel panics for want of a root.",
    when=(with_entries,),
    sources=(sources.NO_HYPERV_DRIVERS, sources.UEFI_BOOT_FAILURES),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The files of every entry are there and hold something."""
    tree = subject.linux.tree
    for entry in subject.linux.boot_loader.entries:
        missing = [path for path in _files(entry) if not _is_there(tree, path)]
        if missing:
            yield violation(
                [entry],
                f"{entry.title} starts {', '.join(missing)}, which is not there or empty",
                expected=f"{', '.join(missing)}, or no such entry",
                fix=by_hand(_CHANGED),
                severity=None if entry.default else Severity.WARNING,
            )


def _files(entry: BootEntry) -> tuple[str, ...]:
    if entry.form is EntryFormat.UNIFIED:
        return (entry.kernel,)
    return tuple(dict.fromkeys((entry.kernel, *entry.initrds)))


def _is_there(tree: Tree, path: str) -> bool:
    return tree.is_file(path) and tree.status(path).size > 0
