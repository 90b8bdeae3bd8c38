"""What the image is meant to become: the choices that decide which rules apply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Generation(IntEnum):
    """Azure's word for the firmware of a virtual machine.

    Source: https://learn.microsoft.com/azure/virtual-machines/generation-2
    """

    BIOS = 1
    UEFI = 2


class Architecture(StrEnum):
    """The processor architecture, in Azure's own spelling."""

    X64 = "x64"
    ARM64 = "Arm64"


class OsState(StrEnum):
    """Whether new machines are made from the image, or one machine moves."""

    GENERALIZED = "generalized"
    SPECIALIZED = "specialized"


class Provisioning(StrEnum):
    """What prepares a new machine on its first boot.

    both: cloud-init does, and the agent is there for extensions. cloud-init: no agent is wanted.
    agent: the agent does it alone.
    """

    BOTH = "both"
    CLOUD_INIT = "cloud-init"
    AGENT = "agent"


class Profile(StrEnum):
    """Which rules are asked: all, the article's alone, or as certification asks them."""

    AZURE = "azure"
    ARTICLE = "article"
    MARKETPLACE = "marketplace"


class ResourceSwap(StrEnum):
    """Who puts swap on Azure's temporary disk (article, step 6)."""

    CLOUD_INIT = "cloud-init"
    AGENT = "agent"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Intent:
    """The choices of the user; the defaults make a generalized image for cloud-init and the agent.

    ``generation`` is None to follow the image's own boot loader, ``architecture`` None to follow
    its programs, ``resource_swap`` None to follow ``provisioning`` (see ``swap_by``).
    ``trusted_launch`` and ``nvme`` say that machines will have Secure Boot, or their OS disk on
    NVMe. ``remove_users`` names accounts to delete; ``remove_all_users`` deletes every account
    that a person could log in with.
    """

    profile: Profile = Profile.AZURE
    generation: Generation | None = None
    architecture: Architecture | None = None
    os_state: OsState = OsState.GENERALIZED
    provisioning: Provisioning = Provisioning.BOTH
    resource_swap: ResourceSwap | None = None
    keep_crashkernel: bool = False
    keep_rootdelay: bool = False
    keep_lvm: bool = False
    trusted_launch: bool = False
    nvme: bool = False
    remove_users: tuple[str, ...] = ()
    remove_all_users: bool = False

    @property
    def generalized(self) -> bool:
        """Whether the image loses its identity (article, step 8)."""
        return self.os_state is OsState.GENERALIZED

    @property
    def swap_by(self) -> ResourceSwap:
        """Who puts swap on the temporary disk: if nothing was chosen, who provisions.

        The agent alone would otherwise leave the disk to a cloud-init that does not run.
        """
        if self.resource_swap is not None:
            return self.resource_swap
        alone = self.provisioning is Provisioning.AGENT
        return ResourceSwap.AGENT if alone else ResourceSwap.CLOUD_INIT
