r"""A small Debian 12 with everything Azure asks for: no rule has anything to say about it.

Each test spoils one thing in it: ``subject(healthy({"/etc/hostname": "build-7\n"}))``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache

from bootworthy.rules.command_line import rootdelay
from bootworthy.rules.network import cloud_init_network
from bootworthy.rules.security import host_keys
from bootworthy.rules.swap import resource_files
from tests.guest import grub_configurations
from tests.guest.initramfs_images import COMPRESSORS, archive
from tests.guest.memory import Dir, File, Link
from tests.rules.making import NOW, Entry

RELEASE = "6.1.0-28-amd64"
KERNEL = f"/boot/vmlinuz-{RELEASE}"
INITRAMFS = f"/boot/initrd.img-{RELEASE}"
GRUB_CFG = "/boot/grub/grub.cfg"

ROOT_UUID = grub_configurations.UUID
ESP_UUID = "A1B2-C3D4"

ARGUMENTS = "console=tty1 console=ttyS0 earlyprintk=ttyS0 net.ifnames=0"
"""What every boot entry of the healthy guest has behind root= and ro."""

UPDATED = int(NOW.timestamp()) - 10 * 86_400
"""When a package was installed last."""

INIT = """\
#!/bin/sh
export ROOTDELAY=
for x in $(cat /proc/cmdline); do
	case $x in
	rootdelay=*)
		ROOTDELAY="${x#rootdelay=}"
		;;
	esac
done
if [ "$ROOTDELAY" ]; then
	sleep "$ROOTDELAY"
fi
"""
"""The part of Debian 12's that a rule reads."""

X64, ARM64 = 62, 183
"""The machines of ELF headers, e_machine in elf(5)."""

LOADABLE = (
    "kernel/drivers/hv/hv_vmbus",
    "kernel/drivers/hv/hv_balloon",
    "kernel/drivers/hv/hv_utils",
    "kernel/drivers/scsi/hv_storvsc",
    "kernel/drivers/net/hyperv/hv_netvsc",
    "kernel/drivers/net/ethernet/mellanox/mlx4/mlx4_en",
    "kernel/drivers/net/ethernet/mellanox/mlx5/core/mlx5_core",
    "kernel/drivers/net/ethernet/microsoft/mana/mana",
    "kernel/drivers/hid/hid-hyperv",
    "kernel/drivers/input/serio/hyperv-keyboard",
    "kernel/drivers/gpu/drm/hyperv/hyperv_drm",
    "kernel/drivers/pci/controller/pci-hyperv",
    "kernel/drivers/ata/ata_piix",
    "kernel/drivers/ata/ata_generic",
    "kernel/drivers/cdrom/cdrom",
    "kernel/drivers/scsi/sr_mod",
    "kernel/drivers/nvme/host/nvme",
    "kernel/drivers/nvme/host/nvme-core",
    "kernel/fs/ext4/ext4",
    "kernel/fs/isofs/isofs",
    "kernel/fs/udf/udf",
    "kernel/fs/fat/fat",
    "kernel/fs/fat/vfat",
    "kernel/fs/nls/nls_cp437",
    "kernel/fs/nls/nls_ascii",
)
"""Modules of the healthy kernel, without their suffix."""

EARLY = ("hv_vmbus", "hv_storvsc", "hv_netvsc", "ext4", "ata_piix", "sr_mod", "cdrom", "nvme")
"""Modules of the healthy initramfs."""

CONFIG = """\
CONFIG_HYPERV=m
CONFIG_FAT_DEFAULT_CODEPAGE=437
CONFIG_FAT_DEFAULT_IOCHARSET="ascii"
CONFIG_WATCHDOG=y
CONFIG_CIFS=m
CONFIG_PTP_1588_CLOCK=y
CONFIG_RD_GZIP=y
CONFIG_RD_ZSTD=y
"""


def healthy(changes: Mapping[str, Entry | None] | None = None) -> dict[str, Entry]:
    """The guest's files, with ``changes`` put in; None takes a path out, and all below it."""
    files: dict[str, Entry] = {**_system(), **kernel(), **_boot(), **_accounts(), **_services()}
    for path, entry in (changes or {}).items():
        for old in [old for old in files if old == path or old.startswith(path + "/")]:
            del files[old]
        if entry is not None:
            files[path] = entry
    return files


def kernel(
    release: str = RELEASE,
    *,
    loadable: Sequence[str] = LOADABLE,
    builtin: Sequence[str] = ("kernel/drivers/block/loop", "kernel/fs/proc/proc"),
    early: Sequence[str] = EARLY,
    config: str = CONFIG,
) -> dict[str, Entry]:
    """A kernel with its modules, as Debian packages it, and its initramfs."""
    directory = f"/usr/lib/modules/{release}"
    return {
        f"/boot/vmlinuz-{release}": "kernel",
        f"/boot/config-{release}": config,
        f"/boot/initrd.img-{release}": initramfs(early, release=release),
        f"{directory}/modules.dep": "".join(f"{path}.ko:\n" for path in loadable),
        f"{directory}/modules.builtin": "".join(f"{path}.ko\n" for path in builtin),
        f"{directory}/modules.alias": "alias vmbus:d96361baa104294db60572e2ffb1dc7f hv_storvsc\n",
        f"{directory}/modules.symbols": "alias symbol:vmbus_open hv_vmbus\n",
        **{f"{directory}/{path}.ko": b"\x7fELF" for path in loadable},
    }


MACHINE = "3f1d0a4c9b5e4d71a7c6f2e8d4b6a901"
"""What the entries of ``systemd_boot`` are named after."""


def systemd_boot(
    *, options: str = f"root=UUID={ROOT_UUID} ro {ARGUMENTS}", configuration: str = ""
) -> dict[str, Entry]:
    """systemd-boot with the healthy kernel as kernel-install puts it there, beside GRUB's menu."""
    folder = f"/{MACHINE}/{RELEASE}"
    entry = (
        f"title T\nversion {RELEASE}\noptions {options}\nlinux {folder}/linux\n"
        f"initrd {folder}/initrd.img-{RELEASE}\n"
    )
    return {
        "/boot/efi/loader/loader.conf": configuration,
        f"/boot/efi/loader/entries/{MACHINE}-{RELEASE}.conf": entry,
        f"/boot/efi{folder}/linux": "kernel",
        f"/boot/efi{folder}/initrd.img-{RELEASE}": initramfs(),
    }


def without(*names: str) -> tuple[str, ...]:
    """The healthy kernel's modules but these."""
    return tuple(path for path in LOADABLE if path.rpartition("/")[2] not in names)


def initramfs(
    modules: Sequence[str] = EARLY,
    *,
    release: str = RELEASE,
    files: Mapping[str, str | bytes] | None = None,
    compression: str = "gzip",
) -> bytes:
    """An initramfs with these modules and ``files``, as initramfs-tools makes it."""
    more = tuple(sorted((files or {}).items()))
    return _initramfs(tuple(modules), release, more, compression)


@cache
def _initramfs(
    modules: tuple[str, ...],
    release: str,
    files: tuple[tuple[str, str | bytes], ...],
    compression: str,
) -> bytes:
    entries: dict[str, bytes | str] = {
        "init": INIT,
        "conf/initramfs.conf": "MODULES=most\n",
        "scripts/init-top/udev": "#!/bin/sh\n",
    }
    place = f"usr/lib/modules/{release}/kernel"
    entries |= {f"{place}/{name}.ko": b"\x7fELF" for name in modules}
    return COMPRESSORS[compression](archive({**entries, **dict(files)}))


def grub_cfg(*releases: str, arguments: str = ARGUMENTS, recovery: str | None = None) -> str:
    """What update-grub makes of these arguments; ``recovery`` when its entries have others."""
    text = grub_configurations.debian(*(releases or (RELEASE,)))
    single = arguments if recovery is None else recovery
    return text.replace("single ", f"single {single}").replace(" ro  quiet", f" ro {arguments}")


def elf(machine: int = X64) -> bytes:
    """The beginning of a 64-bit program for a machine."""
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 2, machine) + bytes(44)


def efi_program(machine: int = 0x8664, *sections: bytes) -> bytes:
    """The beginning of an EFI program (PE/COFF) with these sections."""
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    table, strings = b"", bytearray(4)
    for name in sections:
        # What does not fit into eight bytes stands in the string table behind the sections.
        short = name if len(name) <= 8 else b"/%d" % len(strings)
        table += short.ljust(40, b"\0")
        strings += name + b"\0"
    symbols = 0x40 + 24 + len(table)
    coff = struct.pack("<HHIIIHH", machine, len(sections), 0, symbols, 0, 0, 0)
    return dos + b"PE\0\0" + coff + table + bytes(strings)


def esp(*, name: str = "BOOTX64.EFI", machine: int = 0x8664) -> dict[str, Entry]:
    """An EFI system partition as grub-install --removable leaves it."""
    return {
        f"/EFI/BOOT/{name}": efi_program(machine),
        "/EFI/debian/grubx64.efi": efi_program(machine),
        "/EFI/debian/grub.cfg": f"search.fs_uuid {ROOT_UUID} root\n",
    }


def dpkg_status(*packages: str) -> str:
    """A package database with these packages, all installed."""
    return "".join(
        f"Package: {name}\nStatus: install ok installed\nPriority: optional\nSection: admin\n"
        f"Maintainer: Somebody <somebody@example.org>\nArchitecture: amd64\nVersion: 1.0-1\n"
        f"Description: one of the packages\n\n"
        for name in packages
    )


def _system() -> dict[str, Entry]:
    packages = ("bash", "cloud-init", "grub-pc", "initramfs-tools", "openssh-server", "systemd")
    return {
        "/bin": Link("usr/bin"),
        "/sbin": Link("usr/sbin"),
        "/lib": Link("usr/lib"),
        "/usr/bin/dash": elf(),
        "/usr/bin/sh": Link("dash"),
        "/usr/bin/bash": elf(),
        "/etc/os-release": Link("../usr/lib/os-release"),
        "/usr/lib/os-release": (
            'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n'
            'VERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'
        ),
        "/etc/debian_version": "12.8\n",
        "/etc/default/locale": "LANG=C.UTF-8\n",
        "/var/lib/dpkg/status": File(dpkg_status(*packages), mtime=UPDATED),
        "/etc/fstab": (
            "# /etc/fstab: static file system information.\n"
            f"UUID={ROOT_UUID} / ext4 errors=remount-ro 0 1\n"
        ),
        "/etc/hostname": "localhost\n",
        "/etc/hosts": "127.0.0.1\tlocalhost\n",
        "/etc/machine-id": "",
        "/var/lib/dbus/machine-id": Link("/etc/machine-id"),
        "/etc/resolv.conf": Link("/run/resolvconf/resolv.conf"),
        "/etc/modprobe.d/README": "# Files here say what modprobe does.\n",
        "/etc/modprobe.d/blacklist.conf": "blacklist pcspkr\n",
        "/var/log/syslog": "",
        "/var/log/apt/history.log": "",
        "/tmp": Dir(0o1777),  # noqa: S108 - the guest's
        "/var/tmp": Dir(0o1777),  # noqa: S108 - the guest's
    }


def _boot() -> dict[str, Entry]:
    return {
        GRUB_CFG: grub_cfg(),
        "/boot/grub/i386-pc/core.img": "core",
        "/etc/default/grub": (
            "# If you change this file, run 'update-grub' afterwards.\n"
            "GRUB_DEFAULT=0\nGRUB_TIMEOUT=5\n"
            'GRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_CMDLINE_LINUX=""\n'
        ),
        "/etc/default/grub.d/90-azure.cfg": f'GRUB_CMDLINE_LINUX="{ARGUMENTS}"\n',
        "/usr/sbin/update-grub": "#!/bin/sh\n",
        "/usr/sbin/update-initramfs": "#!/bin/sh\n",
        "/etc/initramfs-tools/initramfs.conf": "MODULES=most\nCOMPRESS=zstd\n",
        "/etc/initramfs-tools/modules": "# Modules to include\nhv_vmbus\nhv_storvsc\nhv_netvsc\n",
        "/etc/initramfs-tools/conf.d/resume": "RESUME=none\n",
        rootdelay.HOOK.path: File(rootdelay.HOOK.text, mode=rootdelay.HOOK.mode),
    }


def _accounts() -> dict[str, Entry]:
    return {
        "/etc/passwd": (
            "root:x:0:0:root:/root:/bin/bash\n"
            "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
            "sshd:x:104:65534::/run/sshd:/usr/sbin/nologin\n"
            "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        ),
        "/etc/shadow": File(
            "root:!*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"
            "sshd:!:19000::::::\nnobody:*:19000:0:99999:7:::\n",
            mode=0o640,
        ),
        "/etc/group": "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n",
        "/etc/sudoers": File("root ALL=(ALL:ALL) ALL\n", mode=0o440),
        "/root/.profile": "mesg n\n",
        "/root/.bashrc": "# bash\n",
        "/home": Dir(),
        "/etc/ssh/sshd_config": (
            "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication no\nUsePAM yes\n"
            "ClientAliveInterval 180\n"
        ),
        "/usr/sbin/sshd": elf(),
        "/usr/bin/sudo": File(elf(), mode=0o4755),
    }


_STAGES = ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final")


def unit(name: str, target: str = "multi-user.target") -> dict[str, Entry]:
    """A systemd service that starts at boot."""
    path = f"/usr/lib/systemd/system/{name}"
    text = f"[Service]\nExecStart=/bin/true\n[Install]\nWantedBy={target}\n"
    return {path: text, f"/etc/systemd/system/{target}.wants/{name}": Link(path)}


def _services() -> dict[str, Entry]:
    files: dict[str, Entry] = {
        "/usr/lib/systemd/systemd": elf(),
        "/usr/sbin/init": Link("/lib/systemd/systemd"),
        "/etc/systemd/system.conf": "[Manager]\n#LogLevel=info\n",
        "/usr/sbin/dhclient": elf(),
        "/etc/network/interfaces": (
            "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\n"
            "auto eth0\niface eth0 inet dhcp\n"
        ),
        cloud_init_network.PATH: cloud_init_network.TEXT,
        host_keys.UNIT_PATH: host_keys.UNIT_TEXT,
        f"/etc/systemd/system/multi-user.target.wants/{host_keys.UNIT}": Link(host_keys.UNIT_PATH),
    }
    for name in ("ssh.service", "networking.service"):
        files |= unit(name)
    return files | _agent() | _cloud_init() | _resource_disk()


def _agent() -> dict[str, Entry]:
    packages = "/usr/lib/python3/dist-packages"
    return {
        "/usr/bin/python3": Link("python3.11"),
        "/usr/bin/python3.11": elf(),
        "/usr/lib/udev/rules.d/66-azure-storage.rules": 'SUBSYSTEM!="block", GOTO="end"\n',
        "/usr/bin/openssl": elf(),
        "/usr/bin/ssh-keygen": elf(),
        "/usr/sbin/useradd": elf(),
        "/usr/sbin/usermod": elf(),
        **{f"/usr/sbin/{name}": elf() for name in ("mkfs.ext4", "mkswap", "parted", "sfdisk")},
        "/usr/sbin/waagent": File("#!/usr/bin/python3\n", mode=0o755),
        f"{packages}/azurelinuxagent/common/version.py": "AGENT_VERSION = '2.9.1.1'\n",
        f"{packages}/distro/__init__.py": "",
        "/etc/waagent.conf": (
            "Provisioning.Agent=cloud-init\nResourceDisk.Format=n\nResourceDisk.EnableSwap=n\n"
            "AutoUpdate.Enabled=y\n"
        ),
        **unit("walinuxagent.service"),
        "/usr/sbin/hv_kvp_daemon": elf(),
        **unit("hv-kvp-daemon.service"),
        "/usr/bin/growpart": File("#!/bin/sh\n", mode=0o755),
        "/usr/sbin/sgdisk": elf(),
    }


def _cloud_init() -> dict[str, Entry]:
    packages = "/usr/lib/python3/dist-packages"
    files: dict[str, Entry] = {
        "/usr/bin/cloud-init": File("#!/usr/bin/python3\n", mode=0o755),
        "/usr/lib/python3.11/os.py": "",
        "/usr/lib/python3.11/crypt.py": "",
        f"{packages}/requests/__init__.py": "",
        f"{packages}/yaml/__init__.py": "",
        f"{packages}/cloudinit/version.py": '__VERSION__ = "22.4.2"\n_PACKAGED_VERSION = "x"\n',
        "/etc/cloud/cloud.cfg": CLOUD_CFG,
        "/etc/cloud/cloud.cfg.d/05_logging.cfg": (
            "output: {all: '| tee -a /var/log/cloud-init-output.log'}\n"
        ),
        "/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg": (
            "datasource_list: [ Azure ]\ndatasource:\n  Azure:\n    apply_network_config: False\n"
        ),
    }
    for stage in _STAGES:
        files |= unit(f"{stage}.service", "cloud-init.target")
    return files


CLOUD_CFG = """\
users: [default]
disable_root: true
cloud_init_modules:
 - migrator
 - seed_random
 - bootcmd
 - write-files
 - growpart
 - resizefs
 - disk_setup
 - mounts
 - set_hostname
 - update_hostname
 - update_etc_hosts
 - ca-certs
 - rsyslog
 - users-groups
 - ssh
cloud_config_modules:
 - ssh-import-id
 - locale
 - set-passwords
 - grub-dpkg
 - apt-configure
 - timezone
 - runcmd
cloud_final_modules:
 - package-update-upgrade-install
 - scripts-vendor
 - scripts-per-boot
 - scripts-user
 - ssh-authkey-fingerprints
 - final-message
system_info:
  distro: debian
  default_user: {name: debian, lock_passwd: True}
"""


def _resource_disk() -> dict[str, Entry]:
    written = (resource_files.MOUNT, resource_files.PROGRAM, resource_files.SERVICE)
    link = f"/etc/systemd/system/multi-user.target.wants/{resource_files.UNIT}"
    files: dict[str, Entry] = {step.path: File(step.text, mode=step.mode) for step in written}
    return {**files, link: Link(resource_files.SERVICE.path)}
