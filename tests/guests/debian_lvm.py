"""Debian 12 as its installer lays it out with guided LVM, on XFS, fresh from KVM."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests.base import Base
from tests.guests.debian_uefi import DebianUefi, esp_files
from tests.guests.disk import (
    FIRST_EXTENT,
    MIB,
    SECTOR,
    make_empty,
    make_ext4,
    make_fat,
    make_volume_group,
    make_xfs,
    partition,
    swap_header,
    write_at,
)
from tests.guests.grub import BootPlaces, RootPartition, configure, install_modules
from tests.guests.initramfs import make_initramfs
from tests.guests.mounted import fill
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_ROOT_UUID = "f1a2b3c4-3333-4444-8555-666612121201"
_BOOT_UUID = "f1a2b3c4-3333-4444-8555-666612121202"
_SWAP_UUID = "f1a2b3c4-3333-4444-8555-666612121203"
_ESP_ID = "12FA-E222"
_ESP = (MIB, 100 * MIB)
_BOOT = (101 * MIB, 300 * MIB)
_LVM = (401 * MIB, 2100 * MIB)
# Extents of 4 MiB, one volume behind the other.
_ROOT_SIZE, _SWAP_SIZE = 1960 * MIB, 128 * MIB
_ROOT = (_LVM[0] + FIRST_EXTENT, _ROOT_SIZE)
_SWAP = (_ROOT[0] + _ROOT_SIZE, _SWAP_SIZE)

_GROUP = "web01-vg"
_ROOT_DEVICE = "/dev/mapper/web01--vg-root"
_SWAP_DEVICE = "/dev/mapper/web01--vg-swap_1"

_TABLE = f"""\
label: gpt
label-id: 0c0f5a52-7a0e-4b7c-8f44-5b9f0c6e1212
start={_ESP[0] // SECTOR}, size={_ESP[1] // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_BOOT[0] // SECTOR}, size={_BOOT[1] // SECTOR}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
start={_LVM[0] // SECTOR}, size={_LVM[1] // SECTOR}, type=E6D6D379-F507-44C2-A23C-238F2A3DF928
"""

_FSTAB = f"""\
# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
{_ROOT_DEVICE} /               xfs     defaults        0       0
# /boot was on /dev/vda2 during installation
UUID={_BOOT_UUID} /boot           ext4    defaults        0       2
# /boot/efi was on /dev/vda1 during installation
UUID={_ESP_ID}  /boot/efi       vfat    umask=0077      0       1
{_SWAP_DEVICE} none            swap    sw              0       0
"""


@dataclass(frozen=True, kw_only=True)
class DebianLvm(DebianUefi):
    """GPT, ESP with EFI/debian only, ext4 /boot, a volume group with an XFS root and swap."""

    name: ClassVar[str] = "lvm"
    title: ClassVar[str] = "Debian 12, UEFI, LVM, XFS root, separate /boot, from KVM"
    root_uuid: ClassVar[str] = _ROOT_UUID
    root_offset: ClassVar[int] = _ROOT[0]
    base: Base = field(default_factory=Base)

    def dress(self, sandbox: Sandbox) -> None:
        """GRUB on /boot, and an initramfs that finds the volume group."""
        tree = sandbox.tree
        put(tree, "etc/fstab", _FSTAB)
        (tree / "boot/efi").mkdir(mode=0o700)
        put(tree, "etc/initramfs-tools/conf.d/resume", f"RESUME={_SWAP_DEVICE}\n")
        modules = (*self.origin.initramfs_modules, "xfs", "dm_mod")
        make_initramfs(sandbox, modules, root_kind="xfs")
        install_modules(tree, "x86_64-efi")
        configure(sandbox, _PLACES)
        self.add_identity(tree, separate_dbus_id=False)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        empty = sandbox.scratch / "empty"
        empty.mkdir()
        make_empty(image, self.size)
        partition(image, _TABLE)
        files = esp_files(sandbox.tree, _PLACES)
        make_fat(image, offset=_ESP[0], size=_ESP[1], volume_id=_ESP_ID, files=files)
        make_ext4(image, offset=_BOOT[0], size=_BOOT[1], tree=empty, uuid=_BOOT_UUID)
        volumes = {"root": _ROOT_SIZE, "swap_1": _SWAP_SIZE}
        make_volume_group(image, offset=_LVM[0], size=_LVM[1], group=_GROUP, volumes=volumes)
        make_xfs(image, offset=_ROOT[0], size=_ROOT[1], uuid=_ROOT_UUID)
        write_at(image, _SWAP[0], swap_header(sandbox.scratch, _SWAP_SIZE, _SWAP_UUID))
        mounts = [(*_ROOT, "", "nouuid"), (*_BOOT, "/boot", "defaults")]
        fill(image, sandbox.tree, sandbox.scratch, mounts)


_PLACES = BootPlaces(
    root=RootPartition(uuid=_ROOT_UUID, table="gpt", number=3, kind="xfs", volume=_ROOT_DEVICE),
    separate=RootPartition(uuid=_BOOT_UUID, table="gpt", number=2),
)
