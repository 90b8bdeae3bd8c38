"""The drivers that must be able to load, and how bad it is when one of them cannot."""

from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Generation
from bootworthy.rules import drivers
from bootworthy.rules.provisioning import needs_udf
from bootworthy.rules.subject import Subject

EARLY = frozenset((*drivers.BOOT, "scsi_mod", "scsi_transport_fc", "sd_mod"))
"""What the OS disk hangs on: needed in the initramfs already."""

_NETWORK = frozenset(("hv_netvsc",))
_EFI_PARTITION = frozenset(("fat", "vfat"))
_PROVISIONING = frozenset(("cdrom", "sr_mod", "udf"))

# Shutdown and time from the host; disks and cards of some machine sizes; DVDs of other makers.
_SOMETIMES = frozenset(("hv_utils", "isofs", "nvme", "pci_hyperv"))

NEEDED = EARLY | _NETWORK | _EFI_PARTITION | _PROVISIONING | _SOMETIMES


def severity(subject: Subject, module: str) -> Severity:
    """How bad it is on Azure when one of ``NEEDED`` does not load."""
    if module in EARLY | _NETWORK:
        return Severity.ERROR
    if module in _EFI_PARTITION and Generation.UEFI in subject.generations:
        return Severity.ERROR
    if module in _PROVISIONING and needs_udf(subject.linux):
        return Severity.ERROR
    return Severity.WARNING
