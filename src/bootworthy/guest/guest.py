"""The Linux inside an image: its tree and its facts, each read once, when first asked for."""

from __future__ import annotations

from functools import cached_property

from bootworthy.guest.facts import (
    accounts,
    agent,
    boot_loader,
    cloud_init,
    esp,
    fstab,
    initramfs,
    kernels,
    modprobe,
    network,
    packages,
    release,
    services,
    sshd,
    swap,
)
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
        self._initramfs: dict[str, initramfs.Initramfs] = {}

    @cached_property
    def release(self) -> release.Release:
        """The distribution."""
        return release.read(self.tree)

    @cached_property
    def family(self) -> Family:
        """What its distribution does differently."""
        return family_of(self.release)

    @cached_property
    def packages(self) -> packages.Packages:
        """The package database."""
        return packages.read(self.tree)

    @cached_property
    def services(self) -> services.Services:
        """The init system."""
        return services.read(self.tree)

    @cached_property
    def accounts(self) -> accounts.Accounts:
        """The users."""
        return accounts.read(self.tree)

    @cached_property
    def fstab(self) -> fstab.Fstab:
        """What is mounted at boot."""
        return fstab.read(self.tree)

    @cached_property
    def kernels(self) -> tuple[kernels.Kernel, ...]:
        """The installed kernels, newest first."""
        return kernels.read(self.tree)

    @cached_property
    def boot_loader(self) -> boot_loader.BootLoader:
        """The boot loader's configuration."""
        return boot_loader.read(self.tree)

    @cached_property
    def bootable_kernels(self) -> tuple[kernels.Kernel, ...]:
        """Kernels a boot entry starts; all that have an image when no entry is known."""
        started = {entry.kernel for entry in self.boot_loader.entries}
        named = tuple(k for k in self.kernels if k.image in started)
        return named or tuple(k for k in self.kernels if k.image)

    @cached_property
    def esp_facts(self) -> esp.Esp | None:
        """The EFI system partition's programs, None where there is no such partition."""
        return esp.read(self.esp_tree) if self.esp_tree else None

    @cached_property
    def modprobe(self) -> tuple[modprobe.Directive, ...]:
        """What modprobe is told."""
        return modprobe.read(self.tree)

    @cached_property
    def sshd(self) -> sshd.Sshd:
        """The SSH server."""
        return sshd.read(self.tree)

    @cached_property
    def network(self) -> network.Network:
        """The network configuration."""
        return network.read(self.tree)

    @cached_property
    def agent(self) -> agent.Agent:
        """The Azure Linux agent."""
        return agent.read(self.tree)

    @cached_property
    def cloud_init(self) -> cloud_init.CloudInit:
        """The provisioning agent cloud-init."""
        return cloud_init.read(self.tree)

    @cached_property
    def swap(self) -> swap.Swap:
        """Swap files and units."""
        return swap.read(self.tree, self.fstab)

    @cached_property
    def architecture(self) -> Architecture | None:
        """The processor architecture of the guest's programs."""
        return kernels.architecture(self.tree)

    def initramfs(self, path: str) -> initramfs.Initramfs:
        """What is inside the initramfs at ``path``, read once."""
        if path not in self._initramfs:
            self._initramfs[path] = initramfs.read(self.tree, path)
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
