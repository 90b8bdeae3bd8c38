"""A file or another device on the OS disk is swap."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from bootworthy.guest.facts import fstab
from bootworthy.guest.facts.fstab import FstabEntry
from bootworthy.guest.facts.swap import SwapFile
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import DropMounts, RemovePaths, Step
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import RESOURCE_MOUNT
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject
from bootworthy.rules.swap.swap_partition import REASON

# Swap on the temporary disk, by cloud-init or in the article's way, is what Azure wants.
_TEMPORARY = (
    f"{RESOURCE_MOUNT}/",
    "/mnt/swapfile",
    "ephemeral",
    "/dev/disk/cloud/azure_resource",
    "/dev/disk/azure/resource",
)

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
    lines = list(guest.fstab.swap)
    for file in guest.swap.files:
        entries = [entry for entry in lines if _leads_to(guest.tree, entry.spec, file.path)]
        lines = [entry for entry in lines if entry not in entries]
        if not file.path.startswith(_TEMPORARY):
            yield _of_file(file, entries)
    for entry in lines:
        if not entry.spec.startswith((*_TEMPORARY, _IN_MEMORY)) and not _is_partition(
            subject, entry.spec
        ):
            yield _of_line(entry)
    for place in guest.swap.units:
        if not place.within.startswith((*_TEMPORARY, _IN_MEMORY)):
            yield _of_unit(place)


def _leads_to(tree: Tree, spec: str, path: str) -> bool:
    """Whether a spec of fstab is this file, perhaps by a link."""
    if not spec.startswith("/"):
        return False
    return spec == path or (tree.is_file(spec) and tree.resolve(spec) == path)


def _is_partition(subject: Subject, spec: str) -> bool:
    """Whether SWAP-01 reports it: it is a partition of this image."""
    if subject.image is None:
        return False
    disk = subject.image
    return fstab.find(spec, disk.file_systems, disk.table.partitions) is not None


def _of_file(file: SwapFile, entries: list[FstabEntry]) -> Violation:
    steps: list[Step] = [RemovePaths(patterns=(escape(file.path),))]
    if entries:
        steps.append(DropMounts(lines=tuple(entry.line for entry in entries), reason=REASON))
    return Violation(
        message=f"{file.path} is swap",
        place=Place(file.path),
        found=f"a swap file of {file.size} bytes",
        expected="no swap on the OS disk",
        fix=Fix(title="remove it, and its line in fstab", steps=tuple(steps)),
        related=tuple(Place(fstab.PATH, entry.line) for entry in entries),
    )


def _of_line(entry: FstabEntry) -> Violation:
    return Violation(
        message=f"{entry.spec} is swap",
        place=Place(fstab.PATH, entry.line),
        found=f"{entry.spec} {entry.mount_point} swap",
        expected="no swap on the OS disk",
        fix=Fix(
            title="take the line out of fstab",
            steps=(DropMounts(lines=(entry.line,), reason=REASON),),
        ),
    )


def _of_unit(place: Place) -> Violation:
    return Violation(
        message=f"a systemd unit swaps on {place.within or 'a device'}",
        place=Place(place.path),
        found=f"What={place.within}",
        expected="no swap on the OS disk",
        fix=by_hand(f"disable and remove {place.path}"),
    )
