"""There is no room for the next initramfs, or hardly any room at all."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.room import Room, room_of
from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import FileSystem
from bootworthy.model.quantities import human_size
from bootworthy.rules.conditions import has_image, with_kernels
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# The agent and cloud-init write logs and state before anybody can make room.
_LEAST = 50


@rule(
    code="PART-18",
    name="file-system-full",
    severity=Severity.WARNING,
    why="The next kernel's initramfs is cut short, and provisioning has no room for its state.",
    when=(has_image, with_kernels),
    sources=("https://github.com/Azure/ALAR",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The root has a fiftieth of itself free, and what holds the initramfs room for the largest."""
    root, (place, boot) = _root(subject), _boot(subject)
    if root is not None and (room := _room(subject, root)) and room.free * _LEAST < room.size:
        yield _violation(subject, root, "the root", room, room.size // _LEAST)
    holder = boot or root
    largest = _largest_initramfs(subject)
    if holder is not None and (room := _room(subject, holder)) and room.free < largest:
        yield _violation(subject, holder, place, room, largest)


def _room(subject: Subject, item: FileSystem) -> Room | None:
    return room_of(subject.disk.pread, item)


def _root(subject: Subject) -> FileSystem | None:
    number = subject.linux.root_partition
    return next((fs for fs in subject.disk.file_systems if fs.partition == number), None)


def _boot(subject: Subject) -> tuple[str, FileSystem | None]:
    """Where fstab mounts what holds the initramfs that boots: /boot, or what systemd-boot reads."""
    disk = subject.disk
    paths = [kernel.initramfs or "" for kernel in subject.linux.bootable_kernels]
    specs = {
        entry.mount_point: entry.spec
        for entry in subject.linux.fstab.entries
        if entry.mount_point != "/" and _holds(entry.mount_point, paths)
    }
    place = max(specs, key=len, default="/boot")
    found = fstab.find(specs[place], disk.file_systems, disk.table.partitions) if specs else None
    return place, found


def _holds(mount_point: str, paths: list[str]) -> bool:
    return any(path.startswith(mount_point.rstrip("/") + "/") for path in paths)


def _largest_initramfs(subject: Subject) -> int:
    tree = subject.linux.tree
    paths = (kernel.initramfs for kernel in subject.linux.bootable_kernels)
    return max((tree.status(path).size for path in paths if path and tree.is_file(path)), default=0)


def _violation(subject: Subject, item: FileSystem, what: str, room: Room, wanted: int) -> Violation:
    return Violation(
        message=f"{what} is full: {human_size(room.free)} of {human_size(room.size)} are free",
        place=Place(subject.disk.container.path, within=f"partition {item.partition}"),
        found=f"{human_size(room.free)} free",
        expected=f"at least {human_size(wanted)} free",
        fix=by_hand("remove old kernels and packages, or enlarge the file system"),
    )
