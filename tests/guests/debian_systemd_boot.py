"""Debian 12 whose administrator chose systemd-boot, fresh from KVM: no GRUB at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests.base import Base
from tests.guests.debian_uefi import DebianUefi, fstab, make_swap_file
from tests.guests.disk import (
    MIB,
    SECTOR,
    allocate_in_ext4,
    make_empty,
    make_ext4,
    make_fat,
    partition,
)
from tests.guests.initramfs import kernel_release
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_ROOT_UUID = "b4c2f0de-51a7-4d57-8a3e-9c0e6f1d5d01"
_ESP_ID = "5D00-7B01"
# Kernels and their initramfs lie here, for some updates to come.
_ESP = (MIB, 400 * MIB)
_ROOT = (401 * MIB, 2158 * MIB)
_SWAP_SIZE = 128 * MIB

_TABLE = f"""\
label: gpt
label-id: 7d1c2b5e-0f43-4a8e-a6a1-3f7f3b1e5d00
start={_ESP[0] // SECTOR}, size={_ESP[1] // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_ROOT[0] // SECTOR}, size={_ROOT[1] // SECTOR}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
"""

# Where what the programs write is kept until there is a partition for it.
_KEPT = "var/tmp/esp"

# What the package's own script does where the partition is mounted when it is installed. Both
# programs look at what is mounted, and here that is no FAT. $1 is the kernel.
_INSTALL = f"""
set -eu
export SYSTEMD_RELAX_ESP_CHECKS=1
mount -t tmpfs esp /boot/efi
bootctl --no-variables --make-entry-directory=auto --esp-path=/boot/efi install
kernel-install add "$1" "/boot/vmlinuz-$1" "/boot/initrd.img-$1"
cp -a /boot/efi /{_KEPT}
"""


@dataclass(frozen=True, kw_only=True)
class DebianSystemdBoot(DebianUefi):
    """GPT, ESP with EFI/BOOT, EFI/systemd and the kernels, ext4 root, swap file."""

    name: ClassVar[str] = "sdboot"
    title: ClassVar[str] = "Debian 12, UEFI, GPT, systemd-boot with kernels on the ESP, from KVM"
    root_uuid: ClassVar[str] = _ROOT_UUID
    root_offset: ClassVar[int] = _ROOT[0]
    esp_offset: ClassVar[int] = _ESP[0]
    base: Base = field(default_factory=Base)

    def dress(self, sandbox: Sandbox) -> None:
        """systemd-boot by its own tools, which name the entry after the machine."""
        tree = sandbox.tree
        put(tree, "etc/fstab", fstab(_ROOT_UUID, _ESP_ID))
        (tree / "boot/efi").mkdir(mode=0o700)
        line = f"root=UUID={_ROOT_UUID} ro crashkernel=auto quiet splash\n"
        put(tree, "etc/kernel/cmdline", line)
        put(tree, "etc/machine-id", f"{self.origin.machine_id}\n", mode=0o444)
        self.make_initramfs(sandbox)
        sandbox.run("sh", "-c", _INSTALL, "install", kernel_release(tree))
        self.add_identity(tree, separate_dbus_id=False)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        tree = sandbox.tree
        files = _taken(tree / _KEPT)
        make_swap_file(sandbox)
        make_empty(image, self.size)
        partition(image, _TABLE)
        make_fat(image, offset=_ESP[0], size=_ESP[1], volume_id=_ESP_ID, files=files)
        make_ext4(image, offset=_ROOT[0], size=_ROOT[1], tree=tree, uuid=_ROOT_UUID)
        allocate_in_ext4(image, offset=_ROOT[0], name="/swapfile", size=_SWAP_SIZE)


def _taken(kept: Path) -> dict[str, bytes]:
    """The files below a directory by their path in it; the directory is gone afterwards."""
    paths = sorted(path for path in kept.rglob("*") if path.is_file())
    files = {str(path.relative_to(kept)): path.read_bytes() for path in paths}
    shutil.rmtree(kept)
    return files
