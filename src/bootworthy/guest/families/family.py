"""What bootworthy asks of a distribution: its names for things, and how it installs packages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.release import Release


class Need(StrEnum):
    """A piece of software that the article asks for, whatever its package is called."""

    AGENT = "Azure Linux agent"
    CLOUD_INIT = "cloud-init"
    GROWPART = "growpart"
    GDISK = "sgdisk"
    HYPERV_DAEMONS = "Hyper-V daemons"
    SSH_SERVER = "SSH server"
    NETWORK = "network configuration without NetworkManager"
    DHCP_CLIENT = "DHCP client"
    SUDO = "sudo"
    PASSLIB = "Python module passlib"
    EJECT = "eject"
    PARTED = "parted"
    SFDISK = "sfdisk"


class Family(ABC):
    """One family of distributions, at one release."""

    def __init__(self, release: Release) -> None:
        self.release = release

    @abstractmethod
    def packages_for(self, need: Need) -> tuple[str, ...]:
        """The packages that provide ``need``; empty when this release has none."""

    def conflicts_of(self, need: Need) -> tuple[str, ...]:
        """Packages that are removed when what provides ``need`` is installed."""
        del need
        return ()

    @abstractmethod
    def units_for(self, need: Need) -> tuple[str, ...]:
        """Names its service may have, the preferred one first."""

    @abstractmethod
    def install(self, packages: tuple[str, ...], *, offline: bool) -> tuple[Invocation, ...]:
        """Programs that install ``packages`` from the guest's repositories.

        With ``offline`` they come from what ``offline_mounts`` shows, and no network is used.
        """

    @abstractmethod
    def offline_mounts(self, directory: Path, scratch: Path) -> Mapping[str, str]:
        """Make a repository of the packages in ``directory``, with its index in ``scratch``.

        Returns the host directories to show to the guest, by guest path.

        Raises:
            UsageError: ``packages-none``, when the directory holds no package of this family.
        """
