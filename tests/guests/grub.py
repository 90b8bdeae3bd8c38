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

# grub-mkconfig asks these about the disk below /, which does not exist before the tree does.
_PROBE = """\
#!/bin/sh
where=root
for word; do
  case $word in
    --target=*) target=${{word#--target=}} ;;
    /boot | /boot/* | {device}) where=boot ;;
  esac
done
case $where-$target in
{answers}
esac
"""

_RELATIVE = """\
#!/bin/sh
case $1 in
  /boot | /boot/*) echo "{boot}${{1#/boot}}" ;;
  *) echo "{root}${{1%/}}" ;;
esac
"""

_EFI_STUB = """\
search.fs_uuid {uuid} root hd0,{table}{number}
set prefix=($root)'{boot}/grub'
configfile $prefix/grub.cfg
"""


@dataclass(frozen=True, kw_only=True)
class RootPartition:
    """Where GRUB will find the root file system, or that of /boot."""

    uuid: str
    table: str
    """GRUB's name of the partition table: msdos or gpt."""
    number: int
    kind: str = "ext2"
    """GRUB's name of the file system."""
    top: str = ""
    """The path in the file system at which it is mounted: that of a Btrfs subvolume."""
    volume: str = ""
    """The device of a logical volume."""

    @property
    def device(self) -> str:
        """The name of the device on a machine with one disk."""
        return self.volume or f"/dev/sda{self.number}"

    def answers(self, where: str) -> str:
        """What grub-probe says of it, as cases of a shell script."""
        place = f"hd0,{self.table}{self.number}"
        hints = f"--hint-bios={place} --hint-efi={place} --hint-baremetal=ahci0,{place[4:]}"
        answers = {
            "device": self.device,
            "disk": "/dev/sda",
            "drive": f"({place})",
            "fs": self.kind,
            "fs_uuid": self.uuid,
            "partmap": self.table,
            "abstraction": "lvm" if self.volume else "",
            "compatibility_hint": place,
            "hints_string": hints,
        }
        lines = (f"  {where}-{key}) echo '{value}' ;;" for key, value in answers.items() if value)
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class BootPlaces:
    """Where the root and /boot are, for everything of GRUB."""

    root: RootPartition
    separate: RootPartition | None = None
    """The partition of /boot, when it is not in the root."""

    @property
    def boot(self) -> RootPartition:
        """What holds /boot."""
        return self.separate or self.root

    @property
    def folder(self) -> str:
        """The path of /boot in its file system."""
        return "" if self.separate else f"{self.root.top}/boot"

    def programs(self) -> dict[str, str]:
        """Stand-ins for the programs that would look at the disk."""
        answers = f"{self.root.answers('root')}\n{self.boot.answers('boot')}"
        return {
            "usr/sbin/grub-probe": _PROBE.format(device=self.boot.device, answers=answers),
            "usr/bin/grub-mkrelpath": _RELATIVE.format(boot=self.folder, root=self.root.top),
            # 10_linux writes root=UUID= only where this link exists.
            f"dev/disk/by-uuid/{self.root.uuid}": "",
        }

    def efi_stub(self) -> str:
        """EFI/debian/grub.cfg as Debian's grub-install writes it."""
        boot = self.boot
        return _EFI_STUB.format(
            uuid=boot.uuid, table=boot.table, number=boot.number, boot=self.folder
        )


def configure(sandbox: Sandbox, places: BootPlaces) -> None:
    """Write /etc/default/grub and let the guest's own update-grub make grub.cfg from it."""
    put(sandbox.tree, "etc/default/grub", _DEFAULTS)
    update(sandbox, places)


def update(sandbox: Sandbox, places: BootPlaces) -> None:
    """Let the guest's own update-grub make grub.cfg, told where its root will be."""
    sandbox.run("grub-editenv", "/boot/grub/grubenv", "create")
    sandbox.run("update-grub", overrides=places.programs())


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
