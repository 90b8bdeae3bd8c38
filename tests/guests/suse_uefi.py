"""A guest shaped like SUSE Linux Enterprise 15: rpm, zypper, dracut, Btrfs with its subvolumes.

GRUB starts from the subvolume of a snapshot, as theirs does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests import rpms
from tests.guests.base import Base
from tests.guests.disk import MIB, SECTOR, make_btrfs
from tests.guests.mounted import fill, make_subvolumes
from tests.guests.origin import Origin
from tests.guests.rpm_tree import RpmGuest, add_fstab, install_release
from tests.guests.sandbox import Sandbox
from tests.guests.tree import link, put

_UUID = "c0b1c2d3-2222-4333-8444-5555e1150001"
_ESP_ID = "51E5-E222"
_ESP = (MIB, 100 * MIB)
_ROOT = (101 * MIB, 2400 * MIB)
_SNAPSHOT = "@/.snapshots/1/snapshot"
_SUBVOLUMES = ("home", "root", "var", "srv", "opt", "tmp", "usr/local")

_TABLE = f"""\
label: gpt
label-id: 0c0f5a52-7a0e-4b7c-8f44-5b9f0c6e1500
start={_ESP[0] // SECTOR}, size={_ESP[1] // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={_ROOT[0] // SECTOR}, size={_ROOT[1] // SECTOR}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
"""

_PACKAGES = (
    *("btrfs-progs", "ca-certificates", "dbus", "dracut", "grub-common", "kmod", "iproute2"),
    *("libpam-systemd", "linux-image-amd64", "netbase", "openssh-server", "rpm", "sudo"),
    *("python3-minimal", "systemd", "systemd-sysv", "udev", "zstd", "zypper"),
)

_OS_RELEASE = """\
NAME="SLES"
VERSION="15-SP6"
VERSION_ID="15.6"
PRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"
ID="sles"
ID_LIKE="suse"
CPE_NAME="cpe:/o:suse:sles:15:sp6"
"""

_DEFAULTS = """\
GRUB_DISTRIBUTOR=
GRUB_DEFAULT=saved
GRUB_TIMEOUT=8
GRUB_CMDLINE_LINUX_DEFAULT="splash=silent mitigations=auto quiet"
GRUB_CMDLINE_LINUX=""
GRUB_TERMINAL="gfxterm"
SUSE_BTRFS_SNAPSHOT_BOOTING="true"
"""

_GRUB_CFG = """\
set timeout=1
search --no-floppy --fs-uuid --set=root {uuid}
menuentry 'SLES 15-SP6' --class sles {{
\tlinux\t/{top}/boot/vmlinuz-{release} root=UUID={uuid} splash=silent mitigations=auto quiet
\tinitrd\t/{top}/boot/initrd-{release}
}}
"""

_STUB = f"""\
search --fs-uuid --set=root {_UUID}
set prefix=($root)/{_SNAPSHOT}/boot/grub2
configfile $prefix/grub.cfg
"""

_IFCFG = """\
BOOTPROTO='static'
STARTMODE='auto'
IPADDR='{address}'
LLADDR='{mac}'
"""


@dataclass(frozen=True, kw_only=True)
class SuseUefi(RpmGuest):
    """GPT, ESP with EFI/sles only, Btrfs whose default subvolume is a snapshot, wicked's files."""

    name: ClassVar[str] = "sle15"
    title: ClassVar[str] = "shaped like SLES 15: UEFI, Btrfs snapshots, rpm, zypper, dracut"
    root_uuid: ClassVar[str] = _UUID
    root_offset: ClassVar[int] = _ROOT[0]
    esp_offset: ClassVar[int] = _ESP[0]
    vendor: ClassVar[str] = "sles"
    esp: ClassVar[tuple[int, int]] = _ESP
    esp_id: ClassVar[str] = _ESP_ID
    stub: ClassVar[str] = _STUB
    table: ClassVar[str] = _TABLE
    grub_modules: ClassVar[tuple[str, ...]] = ("btrfs", "gzio")
    image: ClassVar[str] = "/boot/initrd-{release}"
    origin: ClassVar[Origin] = Origin(
        machine_id="5f1d0a4c9b5e4d71a7c6f2e8d4b6a915",
        mac="52:54:00:9e:15:0d",
        interface="eth0",
        address="10.20.30.55/24",
        gateway="10.20.30.1",
        nameserver="10.20.30.2",
        hypervisor="QEMU Standard PC (Q35 + ICH9, 2009)",
        initramfs_modules=(),
    )

    base: Base = field(default_factory=lambda: Base(packages=_PACKAGES, extras={}))
    size: int = 2504 * MIB + 70 * 1024

    def add_vendor(self, sandbox: Sandbox, release: str) -> None:
        """SUSE's files."""
        tree = sandbox.tree
        put(tree, "usr/lib/os-release", _OS_RELEASE)
        link(tree, "etc/os-release", "../usr/lib/os-release")
        # The place is SUSE's; its format there is ndb, which Debian's rpm cannot write.
        install_release(sandbox, rpms.SUSE_RELEASE, database="/usr/lib/sysimage/rpm")
        (tree / "etc/zypp/repos.d").mkdir(parents=True, exist_ok=True)
        put(tree, "etc/default/grub", _DEFAULTS)
        text = _GRUB_CFG.format(uuid=_UUID, top=_SNAPSHOT, release=release)
        put(tree, "boot/grub2/grub.cfg", text, mode=0o600)
        put(tree, "etc/sysconfig/bootloader", 'LOADER_TYPE="grub2-efi"\nSECURE_BOOT="yes"\n')
        _add_system(tree, self.origin)

    def fill(self, image: Path, sandbox: Sandbox) -> None:
        """Btrfs with a subvolume for each of SUSE's, the first snapshot being the root."""
        offset, size = _ROOT
        make_btrfs(image, offset=offset, size=size, uuid=_UUID)
        others = [f"@/{name}" for name in _SUBVOLUMES]
        names = ("@", "@/.snapshots", _SNAPSHOT, *others)
        make_subvolumes(
            image, sandbox.scratch, offset=offset, size=size, names=names, default=_SNAPSHOT
        )
        (sandbox.tree / ".snapshots").mkdir()
        mounts = [(*_ROOT, f"/{name}", f"subvol=@/{name}") for name in _SUBVOLUMES]
        root = (*_ROOT, "", f"subvol={_SNAPSHOT}")
        fill(image, sandbox.tree, sandbox.scratch, [root, *mounts])


def _add_system(tree: Path, origin: Origin) -> None:
    lines = [f"UUID={_UUID} / btrfs defaults 0 0"]
    lines += [f"UUID={_UUID} /{name} btrfs subvol=/@/{name} 0 0" for name in _SUBVOLUMES]
    lines += [f"UUID={_UUID} /.snapshots btrfs subvol=/@/.snapshots 0 0"]
    add_fstab(tree, [*lines, f"UUID={_ESP_ID} /boot/efi vfat utf8 0 2"])
    text = _IFCFG.format(address=origin.address, mac=origin.mac)
    put(tree, "etc/sysconfig/network/ifcfg-eth0", text)
