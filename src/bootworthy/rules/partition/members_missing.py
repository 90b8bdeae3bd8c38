"""A volume has members on disks that the image does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.disk.members import Incomplete, incomplete
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_WORDS = {"btrfs": "btrfs", "LVM2_member": "LVM group", "linux_raid_member": "RAID array"}


@rule(
    code="VHD-14",
    name="volume-members-missing",
    severity=Severity.ERROR,
    why="A machine gets one OS disk, and Linux does not mount a volume of which a part is missing.",
    when=(has_image,),
    sources=(
        "https://btrfs.readthedocs.io/en/latest/btrfs-man5.html",
        "https://man7.org/linux/man-pages/man4/md.4.html",
        "https://github.com/GoogleCloudPlatform/compute-image-tools",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every btrfs, array and volume group has all its members on this disk.

    A warning for a mirror, which starts with one half, and for a group of which the root may need
    no other volume.
    """
    disk = subject.disk
    for volume in incomplete(disk.pread, disk.file_systems):
        word = _WORDS[volume.kind]
        yield Violation(
            message=f"the {word} of partition {volume.partition} has members on other disks",
            place=Place(disk.container.path, within=f"partition {volume.partition}"),
            found=f"{volume.here} of {volume.members} members",
            expected="all members on this disk",
            fix=by_hand("take the other disks out of the volume, on the machine itself"),
            severity=Severity.WARNING if _is_mild(volume) else None,
        )


def _is_mild(volume: Incomplete) -> bool:
    return volume.survives or volume.kind == "LVM2_member"
