"""Debian 12 whose administrator chose dracut, fresh from KVM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from tests.guests.base import Base
from tests.guests.debian_uefi import DebianUefi
from tests.guests.initramfs import kernel_release
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_OPTIONS = (
    *("--force", "--hostonly", "--hostonly-mode", "strict", "--no-hostonly-cmdline"),
    *("--no-hostonly-default-device", "--no-hostonly-i18n"),
)


@dataclass(frozen=True, kw_only=True)
class DebianDracut(DebianUefi):
    """The disk of ``DebianUefi``, its initramfs by dracut."""

    name: ClassVar[str] = "dracut"
    title: ClassVar[str] = "Debian 12, UEFI, GPT, dracut, no EFI/BOOT, from KVM"
    base: Base = field(default_factory=Base)

    def make_initramfs(self, sandbox: Sandbox) -> None:
        """An image of the machine it comes from, under Debian's name, and its configuration.

        Inside a sandbox dracut finds no hardware: its drivers are named here instead.
        """
        put(sandbox.tree, "etc/dracut.conf.d/local.conf", 'hostonly="yes"\n')
        release = kernel_release(sandbox.tree)
        named = ("--filesystems", "ext4", "--drivers", " ".join(self.origin.initramfs_modules))
        sandbox.run("dracut", *_OPTIONS, *named, "--kver", release, f"/boot/initrd.img-{release}")
