"""A file or another device on the OS disk is swap."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.guest.facts.fstab import FstabEntry
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import DropMounts, RemovePaths, Step
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import RESOURCE_MOUNT
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject
from bootworthy.rules.swap.swap_partition import REASON

# Swap on the temporary disk, by cloud-init or in the article's way, is what Azure wants.
_TEMPORARY = (RESOURCE_MOUNT, "/mnt/swapfile", "ephemeral", "/dev/disk/cloud/azure_resource")

# Compressed memory is not a disk.
_IN_MEMORY = "/dev/zram"


@rule(
    code="SWAP-02",
    name="swap-file-on-os-disk",
    severity=Severity.WARNING,
    why="Swapping to the OS disk is slow, is paid for, and wears on every other access to it.",
    when=(has_guest,),
    article=(11, 51),
    sources=(sources.ARTICLE, sources.CERTIFICATION, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No swap file, no swap unit, and no fstab line of swap that is not a partition's."""
    guest = subject.linux
    lines = {entry.spec: entry for entry in guest.fstab.swap}
    for file in guest.swap.files:
        if not file.path.startswith(_TEMPORARY):
            entry = lines.pop(file.path, None)
            yield _violation(file.path, f"{file.size} bytes", entry, remove_file=True)
    for spec, entry in lines.items():
        if not spec.startswith((*_TEMPORARY, _IN_MEMORY)) and not _is_partition(subject, spec):
            yield _violation(spec, "in fstab", entry, remove_file=False)
    for place in guest.swap.units:
        if not place.within.startswith((*_TEMPORARY, _IN_MEMORY)):
            yield Violation(
                message="a systemd unit starts swap",
                place=place,
                found=place.within or place.path,
                expected="no swap on the OS disk",
                fix=by_hand(f"disable and remove {place.path}"),
            )


def _is_partition(subject: Subject, spec: str) -> bool:
    """Whether SWAP-01 reports it: it is a partition of this image."""
    if subject.image is None:
        return False
    disk = subject.image
    return fstab.find(spec, disk.file_systems, disk.table.partitions) is not None


def _violation(what: str, found: str, entry: FstabEntry | None, *, remove_file: bool) -> Violation:
    steps: list[Step] = []
    if remove_file:
        steps.append(RemovePaths(patterns=(what,)))
    if entry:
        steps.append(DropMounts(lines=(entry.line,), reason=REASON))
    return Violation(
        message=f"{what} is swap",
        place=Place(what) if entry is None else Place(fstab.PATH, entry.line),
        found=f"{what}, {found}",
        expected="no swap on the OS disk",
        fix=Fix(title="remove it, and its fstab line", steps=tuple(steps)),
    )
