"""What waagent.conf has to say for each way of provisioning (article, steps 6 and 7.1)."""

from __future__ import annotations

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.guest.guest import Guest
from bootworthy.model.intent import Intent, Provisioning, ResourceSwap
from bootworthy.model.steps import SetKeys
from bootworthy.rules.provisioning import cloud_init_starts

# Article, step 6: "ResourceDisk.SwapSizeMB=2048  ## NOTE: Set this to your desired size."
SWAP_MIB = 2048

RESOURCE_MOUNT = "/mnt/resource"

STATE = "/var/lib/waagent"

# The agent writes it when it has provisioned, and provisions no more where it is
# (azurelinuxagent/pa/provision/default.py).
PROVISIONED = f"{STATE}/provisioned"

_SWAP_BY_AGENT = (
    ("ResourceDisk.Format", "y"),
    ("ResourceDisk.Filesystem", "ext4"),
    ("ResourceDisk.MountPoint", RESOURCE_MOUNT),
    ("ResourceDisk.EnableSwap", "y"),
    ("ResourceDisk.SwapSizeMB", str(SWAP_MIB)),
)
_HANDS_OFF = (("ResourceDisk.Format", "n"), ("ResourceDisk.EnableSwap", "n"))

_DISK_MODULE = "azurelinuxagent/daemon/resourcedisk/default.py"


def provisioning(intent: Intent) -> tuple[str, str]:
    """Who provisions: cloud-init or the agent a generalized image, nobody a specialized one."""
    if not intent.generalized:
        return "Provisioning.Agent", "disabled"
    by_agent = intent.provisioning is Provisioning.AGENT
    return "Provisioning.Agent", "waagent" if by_agent else "cloud-init"


def resource_disk(intent: Intent) -> tuple[tuple[str, str], ...]:
    """Who formats the temporary disk and swaps on it."""
    return _SWAP_BY_AGENT if intent.swap_by is ResourceSwap.AGENT else _HANDS_OFF


def all_settings(intent: Intent) -> SetKeys:
    """Everything a freshly installed agent has to be told."""
    return SetKeys(path=CONFIG, settings=(provisioning(intent), *resource_disk(intent)))


def leaves_disk_to_cloud_init(guest: Guest) -> bool:
    """Whether the agent lets the temporary disk alone whatever waagent.conf says.

    Debian patches it to do so wherever cloud-init is enabled (its changelog, 2.2.45-3).
    """
    path = f"{guest.agent.modules_dir}/{_DISK_MODULE}"
    return cloud_init_starts(guest) and "cloud_init_is_enabled" in guest.tree.text_or(path)
