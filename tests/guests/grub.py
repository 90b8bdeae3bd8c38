"""GRUB as Debian installs it: defaults, a generated grub.cfg, and an image for each firmware."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

# boot.img fills the boot code of the master boot record; what follows is the partition table.
BOOT_CODE_SIZE = 440
# grub-bios-setup writes two NOPs over this jump for hard disks (GRUB_BOOT_MACHINE_DRIVE_CHECK).
_DRIVE_CHECK = 0x66
_NOPS = b"\x90\x90"

_DEFAULTS = """\
# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.
# For full documentation of the options in this file, see:
#   info -f grub -n 'Simple configuration'

GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`
GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"
# kdump, see ticket 4711
GRUB_CMDLINE_LINUX="crashkernel=auto"

# If your computer has multiple operating systems installed, then you
# probably want to run os-prober.
#GRUB_DISABLE_OS_PROBER=false

# Uncomment to disable graphical terminal
#GRUB_TERMINAL=console

# The resolution used on graphical terminal
#GRUB_GFXMODE=640x480
"""

# grub-mkconfig asks grub-probe about the disk below /, which does not exist before the tree does.
_PROBE = """\
#!/bin/sh
for word; do
  case $word in --target=*) target=${{word#--target=}} ;; esac
done
case $target in
  device) echo /dev/sda{number} ;;
  disk) echo /dev/sda ;;
  drive) echo '(hd0,{table}{number})' ;;
  fs) echo ext2 ;;
  fs_uuid) echo {uuid} ;;
  partmap) echo {table} ;;
  compatibility_hint) echo hd0,{table}{number} ;;
  hints_string) echo --hint-bios=hd0,{table}{number} --hint-efi=hd0,{table}{number} \
--hint-baremetal=ahci0,{table}{number} ;;
esac
"""

EFI_STUB = """\
search.fs_uuid {uuid} root hd0,{table}{number}
set prefix=($root)'/boot/grub'
configfile $prefix/grub.cfg
"""
"""EFI/debian/grub.cfg as Debian's grub-install writes it."""


@dataclass(frozen=True, kw_only=True)
class RootPartition:
    """Where GRUB will find the root file system."""

    uuid: str
    table: str
    """GRUB's name of the partition table: msdos or gpt."""
    number: int

    def said(self, text: str) -> str:
        """A template of this module with the partition filled in."""
        return text.format(uuid=self.uuid, table=self.table, number=self.number)


def configure(sandbox: Sandbox, root: RootPartition) -> None:
    """Write /etc/default/grub and let the guest's own update-grub make grub.cfg from it."""
    put(sandbox.tree, "etc/default/grub", _DEFAULTS)
    update(sandbox, root)


def update(sandbox: Sandbox, root: RootPartition) -> None:
    """Let the guest's own update-grub make grub.cfg, told where its root will be."""
    sandbox.run("grub-editenv", "/boot/grub/grubenv", "create")
    overrides = {
        "usr/sbin/grub-probe": root.said(_PROBE),
        # 10_linux writes root=UUID= only where this link exists.
        f"dev/disk/by-uuid/{root.uuid}": "",
    }
    sandbox.run("update-grub", overrides=overrides)


def install_modules(tree: Path, platform: str) -> None:
    """Copy GRUB's modules and font below /boot, as grub-install does."""
    target = tree / "boot/grub" / platform
    target.mkdir(parents=True)
    for pattern in ("*.mod", "*.lst"):
        for module in (tree / "usr/lib/grub" / platform).glob(pattern):
            shutil.copy(module, target)
    put(tree, "boot/grub/fonts/unicode.pf2", (tree / "usr/share/grub/unicode.pf2").read_bytes())


def make_bios_images(sandbox: Sandbox, root: RootPartition) -> tuple[bytes, bytes]:
    """boot.img for sector 0 and core.img for the sectors behind it, also left below /boot."""
    images = "boot/grub/i386-pc"
    modules = "usr/lib/grub/i386-pc"
    sandbox.run(
        "grub-mkimage",
        "--format=i386-pc",
        f"--directory=/{modules}",
        f"--prefix=(,{root.table}{root.number})/boot/grub",
        f"--output=/{images}/core.img",
        "biosdisk",
        f"part_{root.table}",
        "ext2",
    )
    boot = bytearray((sandbox.tree / modules / "boot.img").read_bytes())
    boot[_DRIVE_CHECK : _DRIVE_CHECK + 2] = _NOPS
    put(sandbox.tree, f"{images}/boot.img", bytes(boot))
    return bytes(boot[:BOOT_CODE_SIZE]), (sandbox.tree / images / "core.img").read_bytes()
