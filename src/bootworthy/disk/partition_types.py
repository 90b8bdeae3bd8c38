"""What partition types mean; GUIDs and MBR types in lower case, as ``Partition.type_id`` holds."""

from __future__ import annotations

from bootworthy.model.image import Partition

# UEFI specification 2.10, table 5.7 (GPT) and 5.2.1 (OS indicators of the MBR).
ESP = frozenset({"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ef"})
PROTECTIVE = "ee"

# GRUB manual, "BIOS installation".
BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649"

# https://uapi-group.org/specifications/specs/discoverable_partitions_specification/ and the types
# that the Linux kernel and util-linux use (include/pt-mbr-partnames.h).
LINUX_SWAP = frozenset({"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "82"})
LINUX_LVM = frozenset({"e6d6d379-f507-44c2-a23c-238f2a3df928", "8e"})
LINUX_RAID = frozenset({"a19d880f-05fc-4d3b-a006-743f0f84911e", "fd"})

# DOS, Windows 95 with LBA, Linux: block/partitions/msdos.c, is_extended_partition().
EXTENDED = frozenset({"05", "0f", "85"})


def is_esp(partition: Partition) -> bool:
    """Whether it is an EFI system partition."""
    return partition.type_id in ESP


def is_bios_boot(partition: Partition) -> bool:
    """Whether GRUB for BIOS keeps its core image there."""
    return partition.type_id == BIOS_BOOT


def is_swap(partition: Partition) -> bool:
    """Whether systemd would swap on it, or people would believe so."""
    return partition.type_id in LINUX_SWAP


def is_lvm(partition: Partition) -> bool:
    """Whether it says to hold an LVM physical volume."""
    return partition.type_id in LINUX_LVM


def is_raid(partition: Partition) -> bool:
    """Whether it says to be a member of a Linux software RAID."""
    return partition.type_id in LINUX_RAID


def is_extended(partition: Partition) -> bool:
    """Whether it only holds logical partitions."""
    return partition.type_id in EXTENDED
