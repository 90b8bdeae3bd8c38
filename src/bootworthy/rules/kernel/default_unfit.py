"""The kernel that starts by itself is not the one that is fit for Azure."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors.key_value import KeyValueFile
from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import SetKeys
from bootworthy.rules import drivers, sources
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Red Hat's and Fedora's: whether a new kernel becomes the default.
_CONFIG = "/etc/sysconfig/kernel"
_SWITCH = "UPDATEDEFAULT"
_FIX = Fix(
    title="let new kernels become the default",
    steps=(SetKeys(path=_CONFIG, settings=((_SWITCH, "yes"),)),),
)


@rule(
    code="KERN-18",
    name="default-kernel-unfit",
    severity=Severity.ERROR,
    why="The machine starts a kernel that does not find its disk, although another one would.",
    when=(with_entries,),
    sources=(sources.NO_HYPERV_DRIVERS, "https://github.com/osbuild/cloud-image-val"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The default entry starts a kernel with Azure's drivers, where there is one; updates keep it.

    A note where a new kernel would not become the default.
    """
    guest = subject.linux
    entries = guest.boot_loader.entries
    fit = [entry for entry in entries if not entry.recovery and _is_fit(guest, entry)]
    for entry in entries:
        if entry.default and fit and guest.kernel_of(entry) and not _is_fit(guest, entry):
            yield violation(
                [entry],
                f"the default entry {entry.title} starts a kernel without Azure's drivers",
                expected=f"{fit[0].title} as the default",
                fix=by_hand("make it the default: grubby --set-default, or GRUB_DEFAULT"),
            )
    yield from _stuck(guest)


def _is_fit(guest: Guest, entry: BootEntry) -> bool:
    kernel = guest.kernel_of(entry)
    return kernel is not None and not drivers.absent(kernel, drivers.BOOT)


def _stuck(guest: Guest) -> Iterator[Violation]:
    if not guest.tree.is_file(_CONFIG):
        return
    file = KeyValueFile(guest.tree.text_or(_CONFIG), _CONFIG)
    found = [item for item in file.assignments if item.key == _SWITCH]
    if found and found[-1].value.lower() == "no":
        yield Violation(
            message="a new kernel does not become the default",
            place=Place(_CONFIG, found[-1].line),
            found=f"{_SWITCH}={found[-1].value}",
            expected=f"{_SWITCH}=yes",
            fix=_FIX,
            severity=Severity.NOTE,
        )
