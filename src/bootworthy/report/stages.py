"""The stages of a boot, in which reports group what they tell."""

from __future__ import annotations

from enum import StrEnum

from bootworthy.model.report import RuleResult


class Stage(StrEnum):
    """Where in the life of a machine on Azure a rule belongs, in the order of that life."""

    CONTAINER = "Container and disk"
    BOOT_LOADER = "Boot loader"
    KERNEL = "Kernel"
    INITRAMFS = "Initramfs"
    NETWORK = "Network and access"
    AGENT = "Agent and provisioning"
    CLEAN_UP = "Clean-up"
    OTHER = "Other"


# By the area of a code, the letters before its number: PART-03 is about partitions.
_STAGE_OF_AREA = {
    "VHD": Stage.CONTAINER,
    "PART": Stage.CONTAINER,
    "CMD": Stage.BOOT_LOADER,
    "DIST": Stage.KERNEL,
    "KERN": Stage.KERNEL,
    "INIT": Stage.INITRAMFS,
    "NET": Stage.NETWORK,
    "SEC": Stage.NETWORK,
    "AGT": Stage.AGENT,
    "CI": Stage.AGENT,
    "SWAP": Stage.AGENT,
    "TIME": Stage.AGENT,
    "CLEAN": Stage.CLEAN_UP,
    # Newer machines: what their disks and cards need of a kernel, with one exception below.
    "NEW": Stage.KERNEL,
}

# Rules that sit with partitions and are about what firmware starts.
_BOOT_LOADER_RULES = frozenset(
    {
        "bios-boot-path-broken",
        "boot-loader-unsigned",
        "esp-missing",
        "generation-mismatch",
        "removable-loader-missing",
    }
)


def stage_of(result: RuleResult) -> Stage:
    """The stage a rule belongs to."""
    if result.rule in _BOOT_LOADER_RULES:
        return Stage.BOOT_LOADER
    return _STAGE_OF_AREA.get(result.code.partition("-")[0], Stage.OTHER)
