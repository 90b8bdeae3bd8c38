"""Debian 12 as its installer lays it out for UEFI, fresh from KVM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.guests.disk import (
    MIB,
    SECTOR,
    allocate_in_ext4,
    make_empty,
    make_ext4,
    make_fat,
    partition,
    swap_header,
)
from tests.guests.grub import BootPlaces, RootPartition, configure, install_modules
from tests.guests.initramfs import make_initramfs
from tests.guests.origin import Origin
from tests.guests.recipe import Recipe
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_ROOT_UUID = "b4c2f0de-51a7-4d57-8a3e-9c0e6f1d2002"
_ESP_ID = "5E2A-91C4"
_ESP_SIZE = 100 * MIB
_ROOT_OFFSET = MIB + _ESP_SIZE
_ROOT_SIZE = 2458 * MIB
_SWAP_UUID = "d1c7a0f3-3c5b-4f0e-9b7a-2f6e8d5c4a0f"
_SWAP_SIZE = 128 * MIB

# UEFI 2.10 table 5.7 (EFI System) and fdisk's "Linux filesystem", which Debian's installer uses.
_TABLE = f"""\
label: gpt
label-id: 7d1c2b5e-0f43-4a8e-a6a1-3f7f3b1e2d00
start={MIB // SECTOR}, size={_ESP_SIZE // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_ROOT_OFFSET // SECTOR}, size={_ROOT_SIZE // SECTOR}, \
type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
"""

_FSTAB = """\
# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
# / was on /dev/vda2 during installation
UUID={root} /               ext4    errors=remount-ro 0       1
# /boot/efi was on /dev/vda1 during installation
UUID={esp}  /boot/efi       vfat    umask=0077      0       1
/swapfile       none            swap    sw              0       0
"""

# What grub-install takes from the packages, and the name it gives each in EFI/debian.
_LOADERS = {
    "shimx64.efi": "usr/lib/shim/shimx64.efi.signed",
    "mmx64.efi": "usr/lib/shim/mmx64.efi.signed",
    "fbx64.efi": "usr/lib/shim/fbx64.efi.signed",
    "BOOTX64.CSV": "usr/lib/shim/BOOTX64.CSV",
    "grubx64.efi": "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
}


@dataclass(frozen=True, kw_only=True)
class DebianUefi(Recipe):
    """GPT, ESP with EFI/debian only, ext4 root, swap file; it boots when NVRAM names its shim."""

    name: ClassVar[str] = "uefi"
    title: ClassVar[str] = "Debian 12, UEFI, GPT, swap file, no EFI/BOOT, from KVM"
    root_uuid: ClassVar[str] = _ROOT_UUID
    root_offset: ClassVar[int] = _ROOT_OFFSET
    esp_offset: ClassVar[int] = MIB
    origin: ClassVar[Origin] = Origin(
        machine_id="c07d2e9f4b6a4d1f8a35e7b90c1d2f4e",
        mac="52:54:00:4f:a2:1b",
        interface="enp1s0",
        address="10.20.30.42/24",
        gateway="10.20.30.1",
        nameserver="10.20.30.2",
        hypervisor="QEMU Standard PC (Q35 + ICH9, 2009)",
        initramfs_modules=(
            *("ext4", "crc32c_generic", "virtio_pci", "virtio_blk"),
            *("sd_mod", "ata_piix", "ata_generic", "ahci"),
        ),
    )

    def dress(self, sandbox: Sandbox) -> None:
        """EFI GRUB behind the shim, and a swap file."""
        tree = sandbox.tree
        put(tree, "etc/fstab", fstab(_ROOT_UUID, _ESP_ID))
        (tree / "boot/efi").mkdir(mode=0o700)
        self.make_initramfs(sandbox)
        install_modules(tree, "x86_64-efi")
        configure(sandbox, _PLACES)
        self.add_identity(tree, separate_dbus_id=False)

    def make_initramfs(self, sandbox: Sandbox) -> None:
        """An initramfs that knows the machine the guest comes from."""
        make_initramfs(sandbox, self.origin.initramfs_modules)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        tree = sandbox.tree
        make_swap_file(sandbox)
        make_empty(image, self.size)
        partition(image, _TABLE)
        make_fat(
            image,
            offset=self.esp_offset,
            size=_ESP_SIZE,
            volume_id=_ESP_ID,
            files=esp_files(tree, _PLACES),
        )
        make_ext4(image, offset=_ROOT_OFFSET, size=_ROOT_SIZE, tree=tree, uuid=_ROOT_UUID)
        allocate_in_ext4(image, offset=_ROOT_OFFSET, name="/swapfile", size=_SWAP_SIZE)


_PLACES = BootPlaces(root=RootPartition(uuid=_ROOT_UUID, table="gpt", number=2))


def esp_files(tree: Path, places: BootPlaces) -> dict[str, bytes]:
    """EFI/debian as grub-install fills it."""
    files = {
        f"EFI/debian/{name}": (tree / source).read_bytes() for name, source in _LOADERS.items()
    }
    files["EFI/debian/grub.cfg"] = places.efi_stub().encode()
    return files


def fstab(root: str, esp: str) -> str:
    """What the installer writes for a root, an ESP and a swap file."""
    return _FSTAB.format(root=root, esp=esp)


def make_swap_file(sandbox: Sandbox) -> None:
    """A swap file of the right size and header; its blocks come when it is on the disk."""
    header = swap_header(sandbox.scratch, _SWAP_SIZE, _SWAP_UUID)
    put(sandbox.tree, "swapfile", header, mode=0o600)
    with (sandbox.tree / "swapfile").open("r+b") as file:
        file.truncate(_SWAP_SIZE)
