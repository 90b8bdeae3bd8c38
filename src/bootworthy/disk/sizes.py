"""Sizes in bytes, rounding, and the limits Azure sets on a disk."""

from __future__ import annotations

SECTOR = 512
KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
TIB = 1 << 40

# https://learn.microsoft.com/azure/virtual-machines/linux/create-upload-generic ("The maximum size
# allowed for VHDs is 1,023 GB"); Azure counts GB as GiB. The limit of page-blob disks, still the
# Marketplace's.
ARTICLE_MAX_DISK = 1023 * GIB

# https://learn.microsoft.com/azure/virtual-machines/managed-disks-overview (OS disk: 4,095 GiB).
MAX_OS_DISK = 4095 * GIB

# Azure Resource Manager, DiskCreationData.uploadSizeBytes: 20972032 to 35183298347520, both with
# the 512 bytes of the VHD footer; so 20 MiB to 32767 GiB of disk.
MIN_DISK = 20 * MIB
MAX_UPLOAD_DISK = 32767 * GIB

# A start and a length in sectors of 512 bytes, 32 bits wide.
MBR_MAX_DISK = 2 * TIB

# Twice what Azure takes: larger is no disk for Azure, and every offset stays far from 2**63.
MAX_VIRTUAL_SIZE = 64 * TIB


def round_up_to_mib(size: int) -> int:
    """The smallest whole number of MiB, in bytes, that holds ``size`` bytes."""
    return -(-size // MIB) * MIB


def is_whole_mib(size: int) -> bool:
    """Whether ``size`` bytes are a whole number of MiB, as Azure demands."""
    return size % MIB == 0
