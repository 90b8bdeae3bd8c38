"""What waagent.conf has to say for each way of provisioning (article, steps 6 and 7.1)."""

from __future__ import annotations

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.intent import Intent, ResourceSwap
from bootworthy.model.steps import SetKeys

# Article, step 6: "ResourceDisk.SwapSizeMB=2048  ## NOTE: Set this to your desired size."
SWAP_MIB = 2048

RESOURCE_MOUNT = "/mnt/resource"

_SWAP_BY_AGENT = (
    ("ResourceDisk.Format", "y"),
    ("ResourceDisk.Filesystem", "ext4"),
    ("ResourceDisk.MountPoint", RESOURCE_MOUNT),
    ("ResourceDisk.EnableSwap", "y"),
    ("ResourceDisk.SwapSizeMB", str(SWAP_MIB)),
)
_HANDS_OFF = (("ResourceDisk.Format", "n"), ("ResourceDisk.EnableSwap", "n"))


def provisioning(intent: Intent) -> tuple[str, str]:
    """Who provisions: cloud-init for a generalized image, nobody for a specialized one."""
    return ("Provisioning.Agent", "cloud-init" if intent.generalized else "disabled")


def resource_disk(intent: Intent) -> tuple[tuple[str, str], ...]:
    """Who formats the temporary disk and swaps on it."""
    return _SWAP_BY_AGENT if intent.resource_swap is ResourceSwap.AGENT else _HANDS_OFF


def all_settings(intent: Intent) -> SetKeys:
    """Everything a freshly installed agent has to be told."""
    return SetKeys(path=CONFIG, settings=(provisioning(intent), *resource_disk(intent)))
