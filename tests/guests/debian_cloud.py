"""Debian 12 as its cloud team ships it for Azure: what nobody may be told errors about.

Rebuilt from packages by their published configuration
(https://salsa.debian.org/cloud-team/debian-cloud-images, classes CLOUD and AZURE).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests.base import Base
from tests.guests.debian_uefi import esp_files
from tests.guests.disk import MIB, SECTOR, make_empty, make_ext4, make_fat, partition
from tests.guests.grub import BootPlaces, RootPartition, install_modules, update
from tests.guests.initramfs import kernel_release
from tests.guests.origin import Origin
from tests.guests.recipe import Recipe, unpack
from tests.guests.sandbox import Sandbox
from tests.guests.tree import link, put

_UUID = "d0b1c2d3-2222-4333-8444-5555c1000012"
_ESP_ID = "C10D-0012"
_ESP = (MIB, 124 * MIB)
_ROOT = (125 * MIB, 1920 * MIB)
_SIZE = 2048 * MIB

_TABLE = f"""\
label: gpt
label-id: 0c0f5a52-7a0e-4b7c-8f44-5b9f0c6e1200
start={_ESP[0] // SECTOR}, size={_ESP[1] // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_ROOT[0] // SECTOR}, size={_ROOT[1] // SECTOR}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
"""

_PACKAGES = (
    *("busybox", "ca-certificates", "chrony", "cloud-guest-utils", "cloud-init"),
    *("cloud-initramfs-growroot", "dbus", "e2fsprogs", "grub-efi-amd64", "grub-efi-amd64-signed"),
    *("hyperv-daemons", "initramfs-tools", "kmod", "libpam-systemd", "linux-image-cloud-amd64"),
    *("netplan.io", "openssh-server", "shim-signed", "sudo", "systemd", "systemd-resolved"),
    *("systemd-sysv", "udev", "waagent", "zstd"),
)

_CLOUD_CFG = """\
apt:
  generate_mirrorlists: true

system_info:
  default_user:
    name: debian
    lock_passwd: True
    gecos: Debian
    groups: [adm, audio, cdrom, dialout, dip, floppy, plugdev, sudo, video]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
"""

_DEFAULTS = """\
GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX=""
"""

_GRUB_DROP_IN = """\
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200 earlyprintk=ttyS0,115200 consoleblank=0"
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --speed=115200"
"""

_CHRONY = """\
refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
rtcsync
makestep 1 3
"""

_NETPLAN = """\
network:
    version: 2
    ethernets:
        all-en:
            match:
                name: en*
            dhcp4: true
            dhcp6: true
        all-eth:
            match:
                name: eth*
            dhcp4: true
            dhcp6: true
"""

_EMPTIED = ("dev", "run", "tmp", "var/cache/apt", "var/lib/apt/lists", "var/tmp", "var/log/apt")
_REMOVED = (
    *("etc/ssh/ssh_host_*", "etc/apt/sources.list.d/*", "var/lib/dbus/machine-id"),
    *("var/log/*.log", "etc/*-"),
)


@dataclass(frozen=True, kw_only=True)
class DebianCloud(Recipe):
    """GPT, ESP with EFI/BOOT, ext4 root, cloud-init and the agent; whole in MiB."""

    name: ClassVar[str] = "cloud"
    title: ClassVar[str] = "Debian 12 for Azure, as its cloud team configures it"
    root_uuid: ClassVar[str] = _UUID
    root_offset: ClassVar[int] = _ROOT[0]
    esp_offset: ClassVar[int] = _ESP[0]
    origin: ClassVar[Origin] = Origin(
        machine_id="",
        mac="",
        interface="eth0",
        address="",
        gateway="",
        nameserver="",
        hypervisor="",
        initramfs_modules=(),
    )

    base: Base = field(default_factory=lambda: Base(packages=_PACKAGES, extras={}))
    size: int = _SIZE

    def make(self, image: Path, work: Path) -> None:
        """Build the image; ``work`` is an empty directory for the tree."""
        sandbox = Sandbox(tree=work / "tree", scratch=work)
        unpack(self.base.tar(), sandbox.tree)
        self.dress(sandbox)
        self.lay_out(image, sandbox)

    def dress(self, sandbox: Sandbox) -> None:
        """The cloud team's files, and its clean-up."""
        tree = sandbox.tree
        put(tree, "etc/cloud/cloud.cfg.d/01_debian_cloud.cfg", _CLOUD_CFG)
        # They answer debconf's question about it, which the package asks when it is installed.
        put(tree, "etc/default/locale", "LANG=C.UTF-8\n")
        put(tree, "etc/chrony/chrony.conf", _CHRONY)
        put(tree, "etc/netplan/90-default.yaml", _NETPLAN)
        put(tree, "etc/modprobe.d/blacklist.conf", "blacklist floppy\nblacklist pcspkr\n")
        put(tree, "etc/fstab", f"UUID={_UUID} / ext4 rw,discard,errors=remount-ro 0 1\n")
        (tree / "boot/efi").mkdir(mode=0o700)
        sandbox.run("systemctl", "enable", "systemd-networkd.service", "systemd-resolved.service")
        sandbox.run("update-initramfs", "-c", "-k", kernel_release(tree))
        install_modules(tree, "x86_64-efi")
        put(tree, "etc/default/grub", _DEFAULTS)
        put(tree, "etc/default/grub.d/10_cloud.cfg", _GRUB_DROP_IN)
        update(sandbox, _PLACES)
        _clean(tree)

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        tree = sandbox.tree
        make_empty(image, self.size)
        partition(image, _TABLE)
        files = esp_files(tree, _PLACES)
        files["EFI/BOOT/BOOTX64.EFI"] = files["EFI/debian/shimx64.efi"]
        files["EFI/BOOT/grubx64.efi"] = files["EFI/debian/grubx64.efi"]
        make_fat(image, offset=_ESP[0], size=_ESP[1], volume_id=_ESP_ID, files=files)
        make_ext4(image, offset=_ROOT[0], size=_ROOT[1], tree=tree, uuid=_UUID)


_PLACES = BootPlaces(root=RootPartition(uuid=_UUID, table="gpt", number=2))


def _clean(tree: Path) -> None:
    """What the cloud team's last script empties and removes."""
    for name in _EMPTIED:
        folder = tree / name
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for pattern in _REMOVED:
        for path in tree.glob(pattern):
            path.unlink()
    for name in ("etc/hostname", "etc/machine-id"):
        put(tree, name, "")
    link(tree, "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
    put(tree, "etc/hosts", "127.0.0.1 localhost\n")
