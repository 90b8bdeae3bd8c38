"""What guests of the rpm family share, whatever their vendor: database, dracut, GRUB for UEFI.

Their userland is Debian's, for no other can be had everywhere; what bootworthy looks at and runs is
real: the rpm database, the package manager, dracut and its images, GRUB.
"""

from __future__ import annotations

import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.guests import grub_modules, rpms
from tests.guests.debian_tree import take_debian_out
from tests.guests.dirt.accounts import add_accounts
from tests.guests.disk import make_empty, make_fat, partition
from tests.guests.initramfs import kernel_release
from tests.guests.origin import Origin
from tests.guests.recipe import Recipe, unpack
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

# As the machine's dracut would have made it: nothing of Hyper-V.
_OMITTED = "hv_vmbus hv_storvsc hv_netvsc hv_utils hv_balloon hyperv_keyboard hid_hyperv pci_hyperv"

# What GRUB needs to come to its configuration on a file system of ``more``.
_GRUB = (
    *("part_gpt", "fat", "search", "search_fs_uuid", "configfile", "normal", "linux"),
    *("serial", "terminal", "echo", "test", "loadenv"),
)


@dataclass(frozen=True, kw_only=True)
class RpmGuest(Recipe):
    """A UEFI machine with rpm and dracut; ``esp`` is offset and size of its ESP in bytes.

    ``vendor`` names its folder on the ESP, ``stub`` is the GRUB configuration there, ``table`` what
    sfdisk makes, ``image`` where dracut puts the initramfs of ``{release}``.
    """

    vendor: ClassVar[str]
    esp: ClassVar[tuple[int, int]]
    esp_id: ClassVar[str]
    stub: ClassVar[str]
    table: ClassVar[str]
    grub_modules: ClassVar[tuple[str, ...]]
    image: ClassVar[str]

    @abstractmethod
    def add_vendor(self, sandbox: Sandbox, release: str) -> None:
        """The vendor's files, of whose kernel ``release`` is the only one."""

    @abstractmethod
    def fill(self, image: Path, sandbox: Sandbox) -> None:
        """The file systems beside the ESP, and the tree in them."""

    def make(self, image: Path, work: Path) -> None:
        """Build the image; ``work`` is an empty directory for the tree."""
        sandbox = Sandbox(tree=work / "tree", scratch=work)
        unpack(self.base.tar(), sandbox.tree)
        add_accounts(sandbox)
        self.dress(sandbox)
        self.lay_out(image, sandbox)

    def dress(self, sandbox: Sandbox) -> None:
        """The vendor's files in place of Debian's."""
        release = kernel_release(sandbox.tree)
        take_debian_out(sandbox.tree)
        self.add_vendor(sandbox, release)
        _add_names(sandbox.tree, self.origin)
        self.add_identity(sandbox.tree, separate_dbus_id=False)
        _make_initramfs(sandbox, release, self.image.format(release=release))

    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk."""
        make_empty(image, self.size)
        partition(image, self.table)
        folder = f"EFI/{self.vendor}"
        files = {
            f"{folder}/grubx64.efi": _loader(sandbox.scratch, folder, self.grub_modules),
            f"{folder}/grub.cfg": self.stub.encode(),
        }
        offset, size = self.esp
        make_fat(image, offset=offset, size=size, volume_id=self.esp_id, files=files)
        self.fill(image, sandbox)


def install_release(sandbox: Sandbox, package: rpms.Rpm, *, database: str) -> None:
    """Have an rpm database at ``database`` with the vendor's release package in it.

    Debian's rpm keeps its database in the home directory unless told otherwise.
    """
    tree = sandbox.tree
    put(tree, "etc/rpm/macros.dbpath", f"%_dbpath {database}\n")
    (tree / database.lstrip("/")).mkdir(parents=True, exist_ok=True)
    out = tree / "var/tmp/rpms"
    out.mkdir()
    rpms.build((package,), out, sandbox.scratch)
    (file,) = out.glob("*.rpm")
    sandbox.run("rpm", "--install", "--nosignature", f"/{out.relative_to(tree)}/{file.name}")
    shutil.rmtree(out)


def add_fstab(tree: Path, lines: Sequence[str]) -> None:
    """The mounts of a machine, and the place of its ESP."""
    put(tree, "etc/fstab", "".join(f"{line}\n" for line in lines))
    (tree / "boot/efi").mkdir(mode=0o700, exist_ok=True)


def _add_names(tree: Path, origin: Origin) -> None:
    """The machine's name and its name servers, in place of what Debian's installer left."""
    address = origin.address.partition("/")[0]
    put(tree, "etc/hostname", f"{origin.host_name}\n")
    put(tree, "etc/hosts", f"127.0.0.1 localhost\n{address} {origin.host_name}\n")
    put(tree, "etc/resolv.conf", f"search {origin.domain}\nnameserver {origin.nameserver}\n")
    shutil.rmtree(tree / "etc/network", ignore_errors=True)


def _make_initramfs(sandbox: Sandbox, release: str, image: str) -> None:
    """An image of the machine the guest comes from; the vendor's configuration stays as it is."""
    put(sandbox.tree, "usr/lib/dracut/dracut.conf.d/01-dist.conf", 'hostonly="yes"\n')
    options = ("--force", "--no-hostonly", "--no-hostonly-cmdline", "--omit-drivers", _OMITTED)
    sandbox.run("dracut", *options, "--kver", release, image)


def _loader(work: Path, folder: str, more: Sequence[str]) -> bytes:
    scratch = work / "grub"
    scratch.mkdir()
    directory = grub_modules.modules(scratch)
    out = scratch / "grubx64.efi"
    argv = ["grub-mkimage", "-O", "x86_64-efi", "-d", str(directory), "-p", f"/{folder}"]
    subprocess.run([*argv, "-o", str(out), *_GRUB, *more], check=True, timeout=120)
    return out.read_bytes()
