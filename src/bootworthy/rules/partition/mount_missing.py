"""fstab mounts what is not on this disk, and cannot do without it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.guest.facts.fstab import FstabEntry
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import AddMountOptions
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Kernel file systems and sources that are no device of a disk.
_VIRTUAL = frozenset(
    ("proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "overlay", "efivarfs")
)
_NEVER_WAITS = ("none", "tmpfs", "proc", "sysfs", "/proc", "overlay", "debugfs", "hugetlbfs")
_OPTIONS = ("nofail", "x-systemd.device-timeout=10")


@rule(
    code="PART-12",
    name="mount-missing",
    severity=Severity.ERROR,
    why="systemd waits 90 s for the device and then drops to emergency mode: no SSH, no report.",
    when=(has_image, has_guest),
    sources=(sources.FSTAB_ERRORS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every device of fstab is on this disk, or the boot goes on without it."""
    disk = subject.disk
    for entry in subject.linux.fstab.entries:
        if entry.is_swap or entry.has("nofail") or entry.has("noauto") or _is_virtual(entry):
            continue
        if fstab.find(entry.spec, disk.file_systems, disk.table.partitions) is None:
            yield Violation(
                message=f"{entry.spec} for {entry.mount_point} is not on this disk",
                place=Place(fstab.PATH, entry.line),
                found=f"{entry.spec} {entry.mount_point} {entry.type} {','.join(entry.options)}",
                expected="a file system of this image, or the option nofail",
                fix=Fix(
                    title="let the boot go on without it (nofail)",
                    steps=(AddMountOptions(lines=(entry.line,), options=_OPTIONS),),
                ),
            )


def _is_virtual(entry: FstabEntry) -> bool:
    if "bind" in entry.options or entry.spec.startswith("/dev/mapper/"):
        return True  # a logical volume: only the guest's own tools can tell
    return entry.type in _VIRTUAL or entry.spec in _NEVER_WAITS
