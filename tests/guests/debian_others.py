"""Debian's neighbours of release 12, laid out the same way: other kernels, tools and defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from tests.guests.base import PACKAGES_WITH_DHCPCD, Base
from tests.guests.debian_bios import DebianBios
from tests.guests.debian_uefi import DebianUefi

_UEFI = ("grub-efi-amd64", "grub-efi-amd64-signed", "shim-signed", "qemu-guest-agent")


_BIOS = ("grub-pc", "open-vm-tools")


def _base(suite: str, name: str, extras: tuple[str, ...] = _UEFI) -> Base:
    return Base(suite=suite, extras={name: extras})


@dataclass(frozen=True, kw_only=True)
class Debian11(DebianUefi):
    """cloud-init 20.4, which still needs UDF; Linux 5.10; gzip by default."""

    name: ClassVar[str] = "debian11"
    title: ClassVar[str] = "Debian 11, UEFI, GPT, swap file, no EFI/BOOT, from KVM"
    base: Base = field(default_factory=lambda: _base("bullseye", "debian11"))


@dataclass(frozen=True, kw_only=True)
class Debian13(DebianUefi):
    """cloud-init with its new unit names; Linux 6.12 with modules in .ko.xz; zstd."""

    name: ClassVar[str] = "debian13"
    title: ClassVar[str] = "Debian 13, UEFI, GPT, swap file, no EFI/BOOT, from KVM"
    base: Base = field(default_factory=lambda: _base("trixie", "debian13"))


def _testing() -> Base:
    return Base(suite="forky", packages=PACKAGES_WITH_DHCPCD, extras={"debian14": _UEFI})


@dataclass(frozen=True, kw_only=True)
class Debian14(DebianUefi):
    """What is in testing before its release: the newest kernel, systemd and cloud-init; dhcpcd."""

    name: ClassVar[str] = "debian14"
    title: ClassVar[str] = "Debian 14 (testing), UEFI, GPT, swap file, no EFI/BOOT, from KVM"
    base: Base = field(default_factory=_testing)


@dataclass(frozen=True, kw_only=True)
class Debian11Bios(DebianBios):
    """Debian 11 on the other firmware."""

    name: ClassVar[str] = "debian11-bios"
    title: ClassVar[str] = "Debian 11, BIOS, MBR, swap partition, from VMware"
    base: Base = field(default_factory=lambda: _base("bullseye", "debian11-bios", _BIOS))


@dataclass(frozen=True, kw_only=True)
class Debian13Bios(DebianBios):
    """Debian 13 on the other firmware."""

    name: ClassVar[str] = "debian13-bios"
    title: ClassVar[str] = "Debian 13, BIOS, MBR, swap partition, from VMware"
    base: Base = field(default_factory=lambda: _base("trixie", "debian13-bios", _BIOS))
