"""Whatever a guest's files hold, reading its facts ends with facts or a GuestError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.facts import (
    accounts,
    agent,
    boot_loader,
    chrony,
    cloud_init,
    crypttab,
    esp,
    fstab,
    kernels,
    modprobe,
    network,
    packages,
    release,
    selinux,
    services,
    sshd,
    swap,
    sysctl,
    udev_rules,
    udev_wants,
    upstart,
)
from bootworthy.guest.initramfs_builders.booster import Booster
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.initramfs_builders.dracut import Dracut
from bootworthy.guest.initramfs_builders.initramfs_tools import InitramfsTools
from bootworthy.guest.initramfs_builders.mkinitcpio import Mkinitcpio
from bootworthy.guest.initramfs_builders.mkinitfs import Mkinitfs
from bootworthy.guest.initramfs_builders.mkinitrd import Mkinitrd
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from tests.guest.memory import Device, Dir, File, Link, MemoryTree, Node

UNIT = "/etc/systemd/system/x.service"
PATHS = (
    "/etc/os-release",
    "/etc/lsb-release",
    "/etc/redhat-release",
    "/etc/debian_version",
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
    "/var/lib/pacman/local/x/desc",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/login.defs",
    "/etc/fstab",
    "/etc/ssh/sshd_config",
    "/etc/network/interfaces",
    "/etc/netplan/a.yaml",
    "/etc/systemd/network/a.network",
    "/etc/systemd/network/a.link",
    "/etc/NetworkManager/system-connections/a.nmconnection",
    "/etc/sysconfig/network-scripts/ifcfg-a",
    "/etc/sysconfig/network/ifcfg-a",
    "/etc/udev/rules.d/70-persistent-net.rules",
    "/etc/iftab",
    "/etc/waagent.conf",
    "/usr/sbin/waagent",
    "/usr/lib/python3/dist-packages/azurelinuxagent/common/version.py",
    "/swapfile",
    "/etc/dphys-swapfile",
    "/etc/systemd/system/x.swap",
    "/etc/systemd/system/multi-user.target.wants/x.service",
    "/etc/systemd/system-preset/a.preset",
    "/etc/machine-id",
    "/sbin/init",
    UNIT,
    "/boot/grub/grub.cfg",
    "/boot/grub/grubenv",
    "/boot/grub/menu.lst",
    "/boot/efi/loader/entries/a.conf",
    "/boot/loader/entries/a.conf",
    "/boot/extlinux/extlinux.conf",
    "/boot/vmlinuz-6.1.0",
    "/boot/initrd.img-6.1.0",
    "/boot/config-6.1.0",
    "/usr/lib/modules/6.1.0/modules.dep",
    "/usr/lib/modules/6.1.0/modules.builtin",
    "/etc/default/grub",
    "/etc/default/grub.d/a.cfg",
    "/etc/kernel/cmdline",
    "/etc/chrony.conf",
    "/etc/cloud/cloud.cfg",
    "/etc/cloud/cloud.cfg.d/a.cfg",
    "/etc/cloud/ds-identify.cfg",
    "/usr/bin/cloud-init",
    "/usr/lib/python3/dist-packages/cloudinit/version.py",
    "/etc/crypttab",
    "/etc/modprobe.d/a.conf",
    "/etc/selinux/config",
    "/etc/sysctl.d/a.conf",
    "/etc/sysctl.conf",
    "/etc/init/x.conf",
    "/etc/init/x.override",
    "/etc/dracut.conf",
    "/etc/dracut.conf.d/a.conf",
    "/etc/booster.yaml",
    "/etc/mkinitcpio.conf",
    "/etc/initramfs-tools/initramfs.conf",
    "/etc/initramfs-tools/modules",
    "/etc/mkinitfs/mkinitfs.conf",
    "/EFI/BOOT/BOOTX64.EFI",
    *(f"{folder}/a.rules" for folder in udev_rules.DIRECTORIES),
)

BUILDERS = (InitramfsTools(), Booster(), Mkinitcpio(), Mkinitfs(), Dracut(), Mkinitrd())


def settings_of(builder: InitramfsBuilder) -> Callable[[Tree], object]:
    """What the builder of an initramfs is told."""
    return lambda tree: (*builder.narrow(tree), builder.unlisted(tree, ("hv_vmbus",)))


READERS: dict[str, Callable[[Tree], object]] = {
    "release": release.read,
    "packages": packages.read,
    "services": lambda tree: (services.read(tree).manager, services.read(tree).unit("x.service")),
    "accounts": accounts.read,
    "fstab": fstab.read,
    "sshd": sshd.read,
    "network": network.read,
    "agent": agent.read,
    "swap": lambda tree: swap.read(tree, fstab.read(tree)),
    "boot loader": boot_loader.read,
    "chrony": lambda tree: (chrony.read(tree), "chrony"),
    "cloud-init": cloud_init.read,
    "crypttab": crypttab.read,
    "EFI programs": esp.read,
    "kernels": kernels.read,
    "modprobe": modprobe.read,
    "SELinux": selinux.read,
    "sysctl": sysctl.read,
    "udev": lambda tree: [udev_rules.lines(tree, path) for path in udev_rules.paths(tree)],
    "udev's units": udev_wants.read,
    "Upstart": lambda tree: (upstart.read(tree, "x"), "upstart"),
    **{builder.name: settings_of(builder) for builder in BUILDERS},
}

CONTENTS = st.one_of(
    st.binary(max_size=80),
    st.text(alphabet="a1=:#[]{}()'\"\\$`;&|<>-+*?/% \t\r\n\0\x85", max_size=80),
    st.sampled_from(
        [
            b"",
            b"\0" * 5000,
            b"\xff\xfe" * 50,
            b"[Install]\nWantedBy=../../x.target %i.target\nAlias=/x y.service\n",
            b"Include *\nMatch all\n",
            b"source *\nsource-directory /\niface \\\n",
            b"ID=\nID_LIKE=\nVERSION_ID=\n",
            b"\n" * 200,
        ]
    ),
)


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None)
@given(content=CONTENTS)
def test_any_contents(reader: str, content: bytes | str) -> None:
    tree = MemoryTree(dict.fromkeys(PATHS, content))
    facts: object = "refused"

    with suppress(GuestError):
        facts = READERS[reader](tree)

    assert facts is not None


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "node",
    [Dir(), Device(), Link("/dev/null"), Link("/none/none"), Link("."), File(b"", mode=0)],
    ids=["directory", "device", "null", "dangling", "itself", "empty"],
)
def test_any_kind_of_file(reader: str, node: Node) -> None:
    tree = MemoryTree(dict.fromkeys(PATHS, node))
    facts: object = "refused"

    with suppress(GuestError):
        facts = READERS[reader](tree)

    assert facts is not None


@pytest.mark.parametrize("reader", READERS)
def test_links_in_circles(reader: str) -> None:
    tree = MemoryTree({"/etc": Link("/usr"), "/usr": Link("/etc"), "/var": Link("var")})
    facts: object = "refused"

    with suppress(GuestError):
        facts = READERS[reader](tree)

    assert facts is not None
