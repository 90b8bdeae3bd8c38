"""A guest shaped like SUSE Linux Enterprise 15: rpm, zypper, dracut, Btrfs with its subvolumes.

The userland is Debian's, for no other can be had everywhere; what bootworthy looks at and runs is
real: the rpm database and zypper, dracut, GRUB that starts from a snapshot's subvolume.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests import grub_modules, rpms
from tests.guests.base import Base
from tests.guests.debian_tree import take_debian_out
from tests.guests.dirt.accounts import add_accounts
from tests.guests.disk import MIB, SECTOR, make_empty, make_fat, partition
from tests.guests.initramfs import kernel_release
from tests.guests.origin import Origin
from tests.guests.recipe import Recipe, unpack
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

_MODULES = (
    *("part_gpt", "fat", "btrfs", "search", "search_fs_uuid", "configfile", "normal", "linux"),
    *("serial", "terminal", "echo", "test", "loadenv", "gzio"),
)

_IFCFG = """\
BOOTPROTO='static'
STARTMODE='auto'
IPADDR='{address}'
LLADDR='{mac}'
"""

_OMITTED = "hv_vmbus hv_storvsc hv_netvsc hv_utils hv_balloon hyperv_keyboard hid_hyperv pci_hyperv"

# $1 image, $2 offset, $3 size, $4 tree, $5 where to mount, $6 the snapshot, then subvolumes.
_FILL = """
set -eu
image=$1 offset=$2 size=$3 tree=$4 target=$5 snapshot=$6
shift 6
loop=$(losetup --show --find --offset "$offset" --sizelimit "$size" "$image")
mkdir "$target/top" "$target/root"
mount "$loop" "$target/top"
mkdir -p "$target/top/${snapshot%/.snapshots/*}"
rmdir "$target/top/@"
btrfs -q subvolume create "$target/top/@"
btrfs -q subvolume create "$target/top/@/.snapshots"
mkdir "$target/top/@/.snapshots/1"
btrfs -q subvolume create "$target/top/$snapshot"
for name; do
  mkdir -p "$(dirname "$target/top/@/$name")"
  btrfs -q subvolume create "$target/top/@/$name"
done
btrfs subvolume set-default "$(btrfs inspect-internal rootid "$target/top/$snapshot")" "$target/top"
mount -o "subvol=$snapshot" "$loop" "$target/root"
for name; do
  mkdir -p "$target/root/$name"
  mount -o "subvol=@/$name" "$loop" "$target/root/$name"
done
mkdir "$target/root/.snapshots"
cp -a "$tree/." "$target/root/"
sync
umount --recursive "$target/root"
umount "$target/top"
losetup --detach "$loop"
"""


@dataclass(frozen=True, kw_only=True)
class SuseUefi(Recipe):
    """GPT, ESP with EFI/sles only, Btrfs whose default subvolume is a snapshot, wicked's files."""

    name: ClassVar[str] = "sle15"
    title: ClassVar[str] = "shaped like SLES 15: UEFI, Btrfs snapshots, rpm, zypper, dracut"
    root_uuid: ClassVar[str] = _UUID
    root_offset: ClassVar[int] = _ROOT[0]
    esp_offset: ClassVar[int] = _ESP[0]
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

    def make(self, image: Path, work: Path) -> None:
        """Build the image; ``work`` is an empty directory for the tree."""
        sandbox = Sandbox(tree=work / "tree", scratch=work)
        unpack(self.base.tar(), sandbox.tree)
        add_accounts(sandbox)
        self.dress(sandbox)
        self.lay_out(image, sandbox)

    def dress(self, sandbox: Sandbox) -> None:
        """SUSE's files in place of Debian's."""
        tree = sandbox.tree
        release = kernel_release(tree)
        take_debian_out(tree)
        put(tree, "usr/lib/os-release", _OS_RELEASE)
        link(tree, "etc/os-release", "../usr/lib/os-release")
        _add_rpm(sandbox)
        put(tree, "etc/default/grub", _DEFAULTS)
        text = _GRUB_CFG.format(uuid=_UUID, top=_SNAPSHOT, release=release)
        put(tree, "boot/grub2/grub.cfg", text, mode=0o600)
        put(tree, "etc/sysconfig/bootloader", 'LOADER_TYPE="grub2-efi"\nSECURE_BOOT="yes"\n')
        _add_system(tree, self.origin)
        self.add_identity(tree, separate_dbus_id=False)
        options = ("--force", "--no-hostonly", "--no-hostonly-cmdline", "--omit-drivers", _OMITTED)
        put(tree, "usr/lib/dracut/dracut.conf.d/01-dist.conf", 'hostonly="yes"\n')
        sandbox.run("dracut", *options, "--kver", release, f"/boot/initrd-{release}")

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        make_empty(image, self.size)
        partition(image, _TABLE)
        files = {
            "EFI/sles/grubx64.efi": _loader(sandbox.scratch),
            "EFI/sles/grub.cfg": _STUB.encode(),
        }
        make_fat(image, offset=_ESP[0], size=_ESP[1], volume_id=_ESP_ID, files=files)
        _make_btrfs(image, sandbox)


def _add_rpm(sandbox: Sandbox) -> None:
    tree = sandbox.tree
    # The place is SUSE's; its format there is ndb, which Debian's rpm cannot write.
    put(tree, "etc/rpm/macros.dbpath", "%_dbpath /usr/lib/sysimage/rpm\n")
    (tree / "usr/lib/sysimage/rpm").mkdir(parents=True)
    (tree / "etc/zypp/repos.d").mkdir(parents=True, exist_ok=True)
    out = tree / "var/tmp/rpms"
    out.mkdir()
    rpms.build((rpms.SUSE_RELEASE,), out, sandbox.scratch)
    (package,) = out.glob("*.rpm")
    sandbox.run("rpm", "--install", "--nosignature", f"/{out.relative_to(tree)}/{package.name}")
    shutil.rmtree(out)


def _add_system(tree: Path, origin: Origin) -> None:
    lines = [f"UUID={_UUID} / btrfs defaults 0 0"]
    lines += [f"UUID={_UUID} /{name} btrfs subvol=/@/{name} 0 0" for name in _SUBVOLUMES]
    lines += [f"UUID={_UUID} /.snapshots btrfs subvol=/@/.snapshots 0 0"]
    lines += [f"UUID={_ESP_ID} /boot/efi vfat utf8 0 2"]
    put(tree, "etc/fstab", "".join(f"{line}\n" for line in lines))
    (tree / "boot/efi").mkdir(mode=0o700, exist_ok=True)
    put(tree, "etc/hostname", f"{origin.host_name}\n")
    put(tree, "etc/hosts", f"127.0.0.1 localhost\n10.20.30.55 {origin.host_name}\n")
    text = _IFCFG.format(address=origin.address, mac=origin.mac)
    put(tree, "etc/sysconfig/network/ifcfg-eth0", text)
    shutil.rmtree(tree / "etc/network", ignore_errors=True)
    put(tree, "etc/resolv.conf", f"search {origin.domain}\nnameserver {origin.nameserver}\n")


def _loader(work: Path) -> bytes:
    folder = work / "grub"
    folder.mkdir()
    directory = grub_modules.modules(folder)
    out = folder / "grubx64.efi"
    argv = ["grub-mkimage", "-O", "x86_64-efi", "-d", str(directory), "-p", "/EFI/sles"]
    subprocess.run([*argv, "-o", str(out), *_MODULES], check=True, timeout=120)
    return out.read_bytes()


def _make_btrfs(image: Path, sandbox: Sandbox) -> None:
    offset, size = _ROOT
    alone = sandbox.scratch / "root.btrfs"
    make_empty(alone, size)
    subprocess.run(["mkfs.btrfs", "-q", "-U", _UUID, str(alone)], check=True, timeout=120)
    argv = ["dd", f"if={alone}", f"of={image}", "bs=1M", "conv=sparse,notrunc"]
    subprocess.run([*argv, f"seek={offset // MIB}", "status=none"], check=True, timeout=120)
    alone.unlink()
    target = sandbox.scratch / "mounted"
    target.mkdir()
    command = ["unshare", "--mount", "--propagation=private", "sh", "-c", _FILL, "fill", str(image)]
    command += [str(offset), str(size), str(sandbox.tree), str(target), _SNAPSHOT, *_SUBVOLUMES]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"filling {image} failed:\n{done.stderr[-2000:]}")
