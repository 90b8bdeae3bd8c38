"""The volumes of an image for engines that have no device-mapper: partitions and linear LVM."""

from __future__ import annotations

from bootworthy.disk.lvm.volumes import LogicalVolume, NotLinearError, logical_volumes
from bootworthy.disk.superblocks import identify
from bootworthy.guest.engines.base import DiskImage
from bootworthy.guest.facts import fstab
from bootworthy.guest.layout import Volumes
from bootworthy.model.image import FileSystem

_LVM = "LVM2_member"


def volumes_of(image: DiskImage) -> tuple[Volumes, dict[FileSystem, LogicalVolume]]:
    """What the image offers to mount, and which of it are logical volumes.

    Volumes that are not each one run of the disk are left to the appliance, all together: half
    of a guest would be checked for what the other half holds.
    """
    plain = Volumes.of(image.table.partitions, image.file_systems)
    holders = [item for item in image.file_systems if item.kind == _LVM]
    if not holders:
        return plain, {}
    try:
        found = logical_volumes(image.pread, holders)
    except NotLinearError:
        return plain, {}
    inside = {_file_system(image, volume): volume for volume in found}
    return _with_inside(plain, inside), inside


def _file_system(image: DiskImage, volume: LogicalVolume) -> FileSystem:
    return identify(image.pread, partition=volume.partition, start=volume.start, size=volume.size)


def _with_inside(plain: Volumes, inside: dict[FileSystem, LogicalVolume]) -> Volumes:
    names = {name: item for item, volume in inside.items() for name in _names(volume)}

    def find(spec: str) -> FileSystem | None:
        # A partition's own name means the physical volume, not what is in it.
        found = plain.find(spec) or names.get(spec)
        return found or fstab.find(spec, tuple(inside), plain.partitions)

    others = (item for item in plain.file_systems if item.kind != _LVM)
    return Volumes(partitions=plain.partitions, file_systems=(*others, *inside), find=find)


def _names(volume: LogicalVolume) -> tuple[str, ...]:
    mapped = volume.mapped_name
    return (
        f"/dev/{volume.group}/{volume.name}",
        f"/dev/mapper/{mapped}",
        f"/dev/disk/by-id/dm-name-{mapped}",
    )
