"""Devices as guests name them: are they on this disk, and has Azure the same name for them."""

from __future__ import annotations

import re
from enum import Enum, auto

from bootworthy.disk.image import Image
from bootworthy.guest.facts import fstab
from bootworthy.rules.subject import Subject


class Presence(Enum):
    """Whether a device is on the disk; UNKNOWN where only the guest's own tools could tell."""

    HERE = auto()
    ABSENT = auto()
    UNKNOWN = auto()


# Disks, partitions and drives, the first of each kind or any other
# (Documentation/admin-guide/devices.txt).
_PLAIN = re.compile(
    r"/dev/((sd|vd|xvd|hd)[a-z]+\d*|(nvme\d+n|mmcblk)\d+(p\d+)?|(sr|scd|fd)\d+|cdrom|dvd|floppy)"
)
_BY_FILE_SYSTEM = ("UUID=", "LABEL=", "/dev/disk/by-uuid/", "/dev/disk/by-label/")
_BY_PARTITION = ("PARTUUID=", "PARTLABEL=", "/dev/disk/by-partuuid/", "/dev/disk/by-partlabel/")

# What may hold file systems that are not seen from outside.
_HIDING = frozenset(("LVM2_member", "crypto_LUKS", "linux_raid_member"))

# The file systems whose identity can be read from the disk (disk/probes).
_READABLE = frozenset(
    ("auto", "btrfs", "exfat", "ext2", "ext3", "ext4", "msdos", "ntfs", "ntfs3", "vfat", "xfs")
)

# Azure shows its disks as /dev/sdX or, on newer sizes, as /dev/nvme0nX; no size has both. udev's
# names by hardware are those of the old machine; its names of volumes travel.
_FOREIGN = re.compile(
    r"/dev/((vd|xvd|hd)[a-z]+\d*|(nvme\d+n|mmcblk)\d+(p\d+)?"
    r"|disk/by-path/.+|disk/by-id/(?!dm-|lvm-|md-).+)"
)
_SCSI = re.compile(r"/dev/sd[a-z]+\d*")


def presence(disk: Image, spec: str, kind: str = "auto") -> Presence:
    """Whether the device that ``spec`` names, with a file system ``kind`` on it, is on the disk."""
    if fstab.find(_lower(spec), disk.file_systems, disk.table.partitions):
        return Presence.HERE
    if spec.startswith(_BY_FILE_SYSTEM):
        hidden = any(item.kind in _HIDING for item in disk.file_systems)
        return Presence.UNKNOWN if hidden or kind not in _READABLE else Presence.ABSENT
    # root=PARTUUID=.../PARTNROFF=1 counts on from a partition (init/do_mounts.c).
    if spec.startswith(_BY_PARTITION) and "/PARTNROFF" not in spec:
        return Presence.ABSENT
    return Presence.ABSENT if _PLAIN.fullmatch(spec) else Presence.UNKNOWN


def _lower(spec: str) -> str:
    # The kernel and udev do not mind the case of a PARTUUID (block/early-lookup.c).
    tag, equals, value = spec.partition("=")
    return f"{tag}={value.lower()}" if equals and tag == "PARTUUID" else spec


def is_foreign(spec: str) -> bool:
    """Whether no machine on Azure, or not every one, has a disk of this name."""
    return _FOREIGN.fullmatch(spec) is not None


def may_change(spec: str) -> bool:
    """Whether the name depends on the order in which disks are found."""
    return _SCSI.fullmatch(spec) is not None


def root_file_system(subject: Subject) -> str:
    """The kind of the root file system, empty when neither the disk nor fstab says it."""
    guest, image = subject.linux, subject.image
    if image is not None and guest.root_partition is not None:
        found = (fs.kind for fs in image.file_systems if fs.partition == guest.root_partition)
        if kind := next(found, ""):
            return kind
    kinds = [entry.type for entry in guest.fstab.entries if entry.mount_point == "/"]
    return kinds[0] if kinds and kinds[0] not in ("auto", "rootfs") else ""
