"""A boot entry starts a kernel or an initramfs that is not there, or none where it needs one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry, EntryFormat
from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Fix, Severity, Violation, by_hand
from bootworthy.model.steps import LoadInitramfs
from bootworthy.rules import devices, drivers, sources
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_CHANGED = "have the guest write its boot menu anew, or take the entry out"

# The kernel itself knows partitions by number and by what the table calls them, and no file systems
# or volumes (block/early-lookup.c).
_FOR_PROGRAMS = re.compile(
    r"(?:UUID|LABEL|ID)=.*|/dev/(?:disk|mapper)/.+|/dev/[^/]+/[^/]+|zfs[:=].*"
)

# Ubuntu's 10_linux tries without one so, and with one after the panic (grub-initrd-fallback).
_TRIED_FIRST = "panic=-1"


@rule(
    code="KERN-19",
    name="boot-entry-file-missing",
    severity=Severity.ERROR,
    why="The boot loader stops with an error, or the kernel panics for want of a root.",
    when=(with_entries,),
    sources=(
        sources.NO_HYPERV_DRIVERS,
        sources.UEFI_BOOT_FAILURES,
        "https://github.com/torvalds/linux/blob/master/block/early-lookup.c",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The files of every entry are there and hold something; an initramfs that is needed is named.

    A kernel needs one for drivers of the disk and its root that are modules, and for a root that is
    named by its file system or is a volume.
    """
    tree = subject.linux.tree
    for entry in subject.linux.boot_loader.entries:
        severity = None if entry.default else Severity.WARNING
        missing = [path for path in _files(entry) if not _is_there(tree, path)]
        if missing:
            yield violation(
                [entry],
                f"{entry.title} starts {', '.join(missing)}, which is not there or empty",
                expected=f"{', '.join(missing)}, or no such entry",
                fix=by_hand(_CHANGED),
                severity=severity,
            )
        elif not entry.initrds and not entry.values("initrd"):
            yield from _without(subject, entry, severity)


def _files(entry: BootEntry) -> tuple[str, ...]:
    if entry.form is EntryFormat.UNIFIED:
        return (entry.kernel,)
    return tuple(dict.fromkeys((entry.kernel, *entry.initrds)))


def _is_there(tree: Tree, path: str) -> bool:
    return tree.is_file(path) and tree.status(path).size > 0


def _without(subject: Subject, entry: BootEntry, severity: Severity | None) -> Iterator[Violation]:
    """What an entry that loads no initramfs cannot do."""
    kernel = subject.linux.kernel_of(entry)
    if kernel and kernel.initramfs is None and drivers.present(kernel, drivers.BOOT):
        return  # there is none to load: INIT-07 reports it
    if needs := _needs(subject, entry, kernel):
        image = kernel.initramfs if kernel else None
        yield violation(
            [entry],
            f"{entry.title} loads no initramfs, which it needs for {', '.join(needs)}",
            expected=f"it loads {image or 'the initramfs of its kernel'}",
            fix=_fix(entry, kernel),
            severity=Severity.WARNING if entry.has(_TRIED_FIRST) else severity,
        )


def _needs(subject: Subject, entry: BootEntry, kernel: Kernel | None) -> tuple[str, ...]:
    """Modules and kinds of names that only an initramfs brings to a kernel."""
    names = (*drivers.BOOT, devices.root_file_system(subject))
    modules = drivers.present(kernel, filter(None, names)) if kernel else ()
    roots = (value.strip("'\"") for value in entry.values("root"))
    return (*modules, *(f"root={root}" for root in roots if _FOR_PROGRAMS.fullmatch(root)))


def _fix(entry: BootEntry, kernel: Kernel | None) -> Fix:
    # A kernel with a second copy on the ESP has its initramfs there too, under another name.
    if kernel is None or kernel.initramfs is None or kernel.image != entry.kernel:
        return by_hand("make an initramfs, and have the guest write its boot menu anew")
    step = LoadInitramfs(kernels=(entry.kernel,))
    return Fix(title=f"load {kernel.initramfs}", steps=(step,))
