"""What a disk image is made of: container, partition table, partitions, file systems."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TableKind(StrEnum):
    """The partition table's format."""

    MBR = "mbr"
    GPT = "gpt"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Partition:
    """One partition; ``start`` and ``size`` are bytes, ``type_id`` a GUID or two hex digits.

    ``number`` is the one Linux gives it (logical MBR partitions begin at 5).
    """

    number: int
    start: int
    size: int
    type_id: str
    name: str = ""
    part_uuid: str = ""
    bootable: bool = False

    @property
    def end(self) -> int:
        """The first byte behind the partition."""
        return self.start + self.size


@dataclass(frozen=True, kw_only=True)
class FileSystem:
    """What a partition (or the whole disk, number 0) carries.

    ``kind`` is blkid's word (``ext4``, ``xfs``, ``btrfs``, ``vfat``, ``swap``, ``ntfs``,
    ``crypto_LUKS``, ``LVM2_member``, ``linux_raid_member``) or empty when unknown. ``uuid`` and
    ``label`` are as ``/etc/fstab`` writes them. ``clean`` is False when it was not unmounted.
    """

    partition: int
    start: int
    size: int
    kind: str
    uuid: str = ""
    label: str = ""
    clean: bool = True


@dataclass(frozen=True, kw_only=True)
class ContainerInfo:
    """The file around the disk: format, sizes in bytes, and format-specific words for people."""

    path: str
    format: str
    virtual_size: int
    file_size: int
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageInfo:
    """An image in numbers, for reports."""

    container: ContainerInfo
    table: TableKind
    partitions: tuple[Partition, ...]
    file_systems: tuple[FileSystem, ...]
    generations: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class GuestInfo:
    """The Linux inside, in a few words, for reports."""

    root: str
    name: str
    distribution: str
    version: str
    architecture: str
    kernels: tuple[str, ...]
