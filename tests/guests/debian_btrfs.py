"""Debian 12 on Btrfs with subvolumes, fresh from KVM."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests.base import Base
from tests.guests.debian_uefi import DebianUefi, esp_files
from tests.guests.disk import MIB, SECTOR, make_btrfs, make_empty, make_fat, partition
from tests.guests.grub import BootPlaces, RootPartition, configure, install_modules
from tests.guests.initramfs import make_initramfs
from tests.guests.mounted import fill, make_subvolumes
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_UUID = "f1a2b3c4-3333-4444-8555-6666b7f51201"
_ESP_ID = "12B7-E222"
_ESP = (MIB, 100 * MIB)
_ROOT = (101 * MIB, 2400 * MIB)
_SUBVOLUMES = {"@": "", "@home": "/home"}

_TABLE = f"""\
label: gpt
label-id: 0c0f5a52-7a0e-4b7c-8f44-5b9f0c6e12b7
start={_ESP[0] // SECTOR}, size={_ESP[1] // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_ROOT[0] // SECTOR}, size={_ROOT[1] // SECTOR}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
"""

_FSTAB = f"""\
# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
UUID={_UUID} /               btrfs   defaults,subvol=@ 0       0
UUID={_UUID} /home           btrfs   defaults,subvol=@home 0       0
UUID={_ESP_ID}  /boot/efi       vfat    umask=0077      0       1
"""


@dataclass(frozen=True, kw_only=True)
class DebianBtrfs(DebianUefi):
    """GPT, ESP with EFI/debian only, / and /home in subvolumes that are not the default."""

    name: ClassVar[str] = "btrfs"
    title: ClassVar[str] = "Debian 12, UEFI, Btrfs with @ and @home, from KVM"
    root_uuid: ClassVar[str] = _UUID
    root_offset: ClassVar[int] = _ROOT[0]
    base: Base = field(default_factory=Base)

    def dress(self, sandbox: Sandbox) -> None:
        """GRUB and a kernel below the subvolume's name."""
        tree = sandbox.tree
        put(tree, "etc/fstab", _FSTAB)
        (tree / "boot/efi").mkdir(mode=0o700)
        make_initramfs(sandbox, (*self.origin.initramfs_modules, "btrfs"), root_kind="btrfs")
        install_modules(tree, "x86_64-efi")
        configure(sandbox, _PLACES)
        self.add_identity(tree, separate_dbus_id=False)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        offset, size = _ROOT
        make_empty(image, self.size)
        partition(image, _TABLE)
        files = esp_files(sandbox.tree, _PLACES)
        make_fat(image, offset=_ESP[0], size=_ESP[1], volume_id=_ESP_ID, files=files)
        make_btrfs(image, offset=offset, size=size, uuid=_UUID)
        make_subvolumes(image, sandbox.scratch, offset=offset, size=size, names=tuple(_SUBVOLUMES))
        mounts = [(*_ROOT, point, f"subvol={name}") for name, point in _SUBVOLUMES.items()]
        fill(image, sandbox.tree, sandbox.scratch, mounts)


_PLACES = BootPlaces(root=RootPartition(uuid=_UUID, table="gpt", number=2, kind="btrfs", top="/@"))
