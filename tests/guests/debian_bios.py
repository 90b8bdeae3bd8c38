"""Debian 12 as its installer lays it out for BIOS, fresh from VMware."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.guests.disk import (
    MIB,
    SECTOR,
    make_empty,
    make_ext4,
    partition,
    swap_header,
    write_at,
)
from tests.guests.grub import (
    BootPlaces,
    RootPartition,
    configure,
    install_modules,
    make_bios_images,
)
from tests.guests.initramfs import make_initramfs
from tests.guests.origin import Origin
from tests.guests.recipe import Recipe
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_ROOT_UUID = "6f6ea4a8-9b2e-4f6b-9d0f-3a1f52c7b001"
_SWAP_UUID = "0a1d5a52-7a0e-4b7c-8f44-5b9f0c6db005"
_ROOT_SIZE = 2304 * MIB
_SWAP_SIZE = 200 * MIB
_EXTENDED_OFFSET = MIB + _ROOT_SIZE
# One MiB belongs to the extended boot record, so that the partition itself stays aligned.
_SWAP_OFFSET = _EXTENDED_OFFSET + MIB

# As Debian's installer aligns it: the extended partition starts two sectors before a whole MiB.
_TABLE = f"""\
label: dos
label-id: 0x8e1f00d5
sda1 : start={MIB // SECTOR}, size={_ROOT_SIZE // SECTOR}, type=83, bootable
sda2 : start={_SWAP_OFFSET // SECTOR - 2}, size={_SWAP_SIZE // SECTOR + 2}, type=5
sda5 : start={_SWAP_OFFSET // SECTOR}, size={_SWAP_SIZE // SECTOR}, type=82
"""

_FSTAB = f"""\
# /etc/fstab: static file system information.
#
# Use 'blkid' to print the universally unique identifier for a
# device; this may be used with UUID= as a more robust way to name devices
# that works even if disks are added and removed. See fstab(5).
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
# / was on /dev/sda1 during installation
UUID={_ROOT_UUID} /               ext4    errors=remount-ro 0       1
# swap was on /dev/sda5 during installation
UUID={_SWAP_UUID} none            swap    sw              0       0
/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0
"""


@dataclass(frozen=True, kw_only=True)
class DebianBios(Recipe):
    """MBR, sda1 ext4 root, sda2 extended, sda5 swap, GRUB for i386-pc in the gap."""

    name: ClassVar[str] = "bios"
    title: ClassVar[str] = "Debian 12, BIOS, MBR, swap partition, from VMware"
    root_uuid: ClassVar[str] = _ROOT_UUID
    root_offset: ClassVar[int] = MIB
    swap_uuid: ClassVar[str] = _SWAP_UUID
    origin: ClassVar[Origin] = Origin(
        machine_id="5a1f7c9be3d84c0f9e6b2d4a7c8e1f03",
        mac="00:50:56:9c:3e:71",
        interface="eth0",
        address="10.20.30.41/24",
        gateway="10.20.30.1",
        nameserver="10.20.30.2",
        hypervisor="VMware, Inc. VMware Virtual Platform/440BX Desktop Reference Platform",
        initramfs_modules=(
            *("ext4", "crc32c_generic", "sd_mod", "vmw_pvscsi", "mptspi"),
            *("ata_piix", "ata_generic", "ahci", "virtio_pci", "virtio_blk"),
        ),
    )

    def dress(self, sandbox: Sandbox) -> None:
        """BIOS GRUB, swap by UUID, and a resume device that the initramfs waits for."""
        tree = sandbox.tree
        put(tree, "etc/fstab", _FSTAB)
        (tree / "media/cdrom0").mkdir(parents=True)
        put(tree, "etc/initramfs-tools/conf.d/resume", f"RESUME=UUID={_SWAP_UUID}\n")
        make_initramfs(sandbox, self.origin.initramfs_modules)
        install_modules(tree, "i386-pc")
        configure(sandbox, BootPlaces(root=_ROOT))
        self.add_identity(tree, separate_dbus_id=True)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        boot, core = make_bios_images(sandbox, _ROOT)
        make_empty(image, self.size)
        partition(image, _TABLE)
        make_ext4(image, offset=MIB, size=_ROOT_SIZE, tree=sandbox.tree, uuid=_ROOT_UUID)
        write_at(image, _SWAP_OFFSET, swap_header(sandbox.scratch, _SWAP_SIZE, _SWAP_UUID))
        write_at(image, 0, boot)
        write_at(image, SECTOR, core)


_ROOT = RootPartition(uuid=_ROOT_UUID, table="msdos", number=1)
