"""Debian 12 for arm64 as its installer lays it out, fresh from KVM on another machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests import base
from tests.guests.disk import MIB, SECTOR, make_empty, make_ext4, make_fat, partition
from tests.guests.emulation import arm64_programs
from tests.guests.grub import BootPlaces, RootPartition, configure, install_modules
from tests.guests.initramfs import make_initramfs
from tests.guests.mirror import Mirror
from tests.guests.origin import Origin
from tests.guests.recipe import Recipe
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_ROOT_UUID = "2f7d0c11-64aa-4b0e-9c5d-a64a64000012"
_ESP_ID = "AA64-0012"
_ESP = (MIB, 100 * MIB)
_ROOT = (101 * MIB, 2458 * MIB)

# UEFI 2.10 table 5.7 (EFI System) and the Discoverable Partitions Specification's root for arm64.
_TABLE = f"""\
label: gpt
label-id: 64aa2b5e-0f43-4a8e-a6a1-3f7f3b1e1200
start={_ESP[0] // SECTOR}, size={_ESP[1] // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_ROOT[0] // SECTOR}, size={_ROOT[1] // SECTOR}, type=B921B045-1DF0-41C3-AF44-4C6F280D3FAE
"""

_FSTAB = f"""\
# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
# / was on /dev/vda2 during installation
UUID={_ROOT_UUID} /               ext4    errors=remount-ro 0       1
# /boot/efi was on /dev/vda1 during installation
UUID={_ESP_ID}  /boot/efi       vfat    umask=0077      0       1
"""

# What grub-install takes from the packages, and the name it gives each in EFI/debian.
_LOADERS = {
    "shimaa64.efi": "usr/lib/shim/shimaa64.efi.signed",
    "mmaa64.efi": "usr/lib/shim/mmaa64.efi.signed",
    "fbaa64.efi": "usr/lib/shim/fbaa64.efi.signed",
    "BOOTAA64.CSV": "usr/lib/shim/BOOTAA64.CSV",
    "grubaa64.efi": "usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed",
}

_PACKAGES = (
    *(name for name in base.Base.packages if name != "linux-image-amd64"),
    "linux-image-arm64",
)
_EXTRAS = {"arm64": ("grub-efi-arm64", "grub-efi-arm64-signed", "shim-signed", "qemu-guest-agent")}


@dataclass(frozen=True, kw_only=True)
class _Base(base.Base):
    packages: tuple[str, ...] = _PACKAGES
    extras: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(_EXTRAS))

    def _argv(self, out: Path, mirror: Mirror) -> list[str]:
        # Whether programs for arm64 run is seen to by the recipe, and mmdebstrap asks another
        # program (arch-test) about it.
        program, *rest = super()._argv(out, mirror)
        return [program, "--architectures=arm64", "--skip=check/qemu", *rest]


@dataclass(frozen=True, kw_only=True)
class DebianArm64(Recipe):
    """GPT, ESP with EFI/debian only, ext4 root; made by programs for arm64, under emulation."""

    name: ClassVar[str] = "arm64"
    title: ClassVar[str] = "Debian 12 for arm64, UEFI, GPT, no EFI/BOOT, from KVM"
    root_uuid: ClassVar[str] = _ROOT_UUID
    root_offset: ClassVar[int] = _ROOT[0]
    esp_offset: ClassVar[int] = _ESP[0]
    origin: ClassVar[Origin] = Origin(
        machine_id="a64b2e9f4b6a4d1f8a35e7b90c1d2a64",
        mac="52:54:00:64:a2:1b",
        interface="enp1s0",
        address="10.20.30.64/24",
        gateway="10.20.30.1",
        nameserver="10.20.30.2",
        hypervisor="QEMU QEMU Virtual Machine",
        initramfs_modules=("ext4", "crc32c_generic", "virtio_pci", "virtio_blk"),
    )

    base: base.Base = field(default_factory=_Base)

    def make(self, image: Path, work: Path) -> None:
        """Build the image; ``work`` is an empty directory for the tree."""
        with arm64_programs():
            super().make(image, work)

    def dress(self, sandbox: Sandbox) -> None:
        """EFI GRUB behind the shim."""
        tree = sandbox.tree
        put(tree, "etc/fstab", _FSTAB)
        (tree / "boot/efi").mkdir(mode=0o700)
        make_initramfs(sandbox, self.origin.initramfs_modules)
        install_modules(tree, "arm64-efi")
        configure(sandbox, _PLACES)
        self.add_identity(tree, separate_dbus_id=False)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        tree = sandbox.tree
        make_empty(image, self.size)
        partition(image, _TABLE)
        files = {
            f"EFI/debian/{name}": (tree / source).read_bytes() for name, source in _LOADERS.items()
        }
        files["EFI/debian/grub.cfg"] = _PLACES.efi_stub().encode()
        make_fat(image, offset=_ESP[0], size=_ESP[1], volume_id=_ESP_ID, files=files)
        make_ext4(image, offset=_ROOT[0], size=_ROOT[1], tree=tree, uuid=_ROOT_UUID)


_PLACES = BootPlaces(root=RootPartition(uuid=_ROOT_UUID, table="gpt", number=2))
