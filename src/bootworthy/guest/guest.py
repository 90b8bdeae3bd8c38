"""The Linux inside an image: its tree and its facts, each read once, when first asked for."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from functools import cached_property

from bootworthy.guest import facts
from bootworthy.guest.facts.accounts import Accounts
from bootworthy.guest.facts.agent import Agent
from bootworthy.guest.facts.boot_loader import BootEntry, BootLoader
from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.guest.facts.esp import Esp
from bootworthy.guest.facts.fstab import Fstab
from bootworthy.guest.facts.initramfs import Initramfs
from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.facts.modprobe import Directive
from bootworthy.guest.facts.network import Network
from bootworthy.guest.facts.packages import Packages
from bootworthy.guest.facts.release import Release
from bootworthy.guest.facts.services import Services
from bootworthy.guest.facts.sshd import Sshd
from bootworthy.guest.facts.swap import Swap
from bootworthy.guest.families.family import Family
from bootworthy.guest.families.registry import family_of
from bootworthy.guest.tree import Tree
from bootworthy.model.image import GuestInfo
from bootworthy.model.intent import Architecture


class Guest:
    """A guest as rules see it; facts are cached, so make a new one after changing the tree.

    ``esp_tree`` is the EFI system partition's own tree where the image has one. ``root`` names the
    place the guest was found at (a partition of the image or a directory), ``root_partition`` is
    that partition's number, None for a directory or a volume.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        esp_tree: Tree | None = None,
        root: str = "/",
        root_partition: int | None = None,
    ) -> None:
        self.tree = tree
        self.esp_tree = esp_tree
        self.root = root
        self.root_partition = root_partition
        self._initramfs: dict[str, Initramfs] = {}

    @cached_property
    def release(self) -> Release:
        """The distribution."""
        return facts.release.read(self.tree)

    @cached_property
    def family(self) -> Family:
        """What its distribution does differently."""
        return family_of(self.release)

    @cached_property
    def packages(self) -> Packages:
        """The package database."""
        return facts.packages.read(self.tree)

    @cached_property
    def services(self) -> Services:
        """The init system."""
        return facts.services.read(self.tree)

    @cached_property
    def accounts(self) -> Accounts:
        """The users."""
        return facts.accounts.read(self.tree)

    @cached_property
    def fstab(self) -> Fstab:
        """What is mounted at boot."""
        return facts.fstab.read(self.tree)

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """The installed kernels, newest first, each with the initramfs that its entry names."""
        return tuple(map(self._as_booted, facts.kernels.read(self.tree)))

    def _as_booted(self, kernel: Kernel) -> Kernel:
        """systemd-boot reads what kernel-install copied for it, not what is in /boot."""
        found = (
            [name for name in entry.initrds if self.tree.is_file(name)]
            for entry in sorted(self._entries_of(kernel), key=lambda entry: entry.recovery)
        )
        initrds = next(filter(None, found), None)
        if not initrds or kernel.initramfs in initrds:
            return kernel
        # Microcode comes before what is meant.
        booted = initrds[-1]
        is_copy = posixpath.basename(booted) == posixpath.basename(kernel.initramfs or "")
        return replace(kernel, initramfs=booted, copied_from=kernel.initramfs if is_copy else None)

    def _entries_of(self, kernel: Kernel) -> list[BootEntry]:
        """The entries that start a kernel."""
        return [entry for entry in self.boot_loader.entries if _starts(entry, kernel)]

    def kernel_of(self, entry: BootEntry) -> Kernel | None:
        """The installed kernel that a boot entry starts, None when it is none of them."""
        return next((kernel for kernel in self.kernels if _starts(entry, kernel)), None)

    @cached_property
    def boot_loader(self) -> BootLoader:
        """The boot loader's configuration."""
        esp = self.esp_facts
        starts = esp is not None and esp.starts_systemd_boot
        return facts.boot_loader.read(self.tree, starts_systemd_boot=starts)

    @cached_property
    def bootable_kernels(self) -> tuple[Kernel, ...]:
        """Kernels a boot entry starts; all that have an image when no entry is known."""
        named = tuple(kernel for kernel in self.kernels if self._entries_of(kernel))
        return named or tuple(kernel for kernel in self.kernels if kernel.image)

    @cached_property
    def esp_facts(self) -> Esp | None:
        """The EFI system partition's programs, None where there is no such partition."""
        return facts.esp.read(self.esp_tree) if self.esp_tree else None

    @cached_property
    def modprobe(self) -> tuple[Directive, ...]:
        """What modprobe is told."""
        return facts.modprobe.read(self.tree)

    @cached_property
    def sshd(self) -> Sshd:
        """The SSH server."""
        return facts.sshd.read(self.tree)

    @cached_property
    def network(self) -> Network:
        """The network configuration."""
        return facts.network.read(self.tree)

    @cached_property
    def agent(self) -> Agent:
        """The Azure Linux agent."""
        return facts.agent.read(self.tree)

    @cached_property
    def cloud_init(self) -> CloudInit:
        """The provisioning agent cloud-init."""
        return facts.cloud_init.read(self.tree)

    @cached_property
    def swap(self) -> Swap:
        """Swap files and units."""
        return facts.swap.read(self.tree, self.fstab)

    @cached_property
    def architecture(self) -> Architecture | None:
        """The processor architecture of the guest's programs."""
        return facts.kernels.architecture(self.tree)

    def initramfs(self, path: str) -> Initramfs:
        """What is inside the initramfs at ``path``, read once."""
        if path not in self._initramfs:
            self._initramfs[path] = facts.initramfs.read(self.tree, path)
        return self._initramfs[path]

    def info(self) -> GuestInfo:
        """The guest in a few words."""
        return GuestInfo(
            root=self.root,
            name=self.release.pretty_name or self.release.name,
            distribution=self.release.id,
            version=self.release.version_id,
            architecture=self.architecture.value if self.architecture else "unknown",
            kernels=tuple(kernel.release for kernel in self.kernels),
        )


def _starts(entry: BootEntry, kernel: Kernel) -> bool:
    """Whether an entry starts this kernel: its image, or a copy that says which it is."""
    return entry.release == kernel.release or bool(kernel.image and entry.kernel == kernel.image)
