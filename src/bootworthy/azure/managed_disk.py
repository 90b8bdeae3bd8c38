"""Upload straight into a managed disk: make it, get a SAS, send, end the upload.

https://learn.microsoft.com/azure/virtual-machines/disks-upload-vhd-to-managed-disk-cli
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bootworthy.azure import names
from bootworthy.azure.compute import Compute, resource_id
from bootworthy.azure.limits import refuse_os_size, refuse_sizes
from bootworthy.azure.options import TransferOptions, TransferResult
from bootworthy.azure.target import Connect, Target, connect_url
from bootworthy.azure.upload import upload
from bootworthy.disk.container import Container
from bootworthy.disk.footer import FOOTER_SIZE
from bootworthy.disk.sizes import round_up_to_mib
from bootworthy.model.errors import UsageError
from bootworthy.model.intent import Architecture, Generation

# DiskState of the REST specification of Microsoft.Compute/disks.
_WAITING = frozenset({"ReadyToUpload", "ActiveUpload"})

DISK_SKUS = (
    "Standard_LRS",
    "StandardSSD_LRS",
    "StandardSSD_ZRS",
    "Premium_LRS",
    "Premium_ZRS",
)
"""What an OS disk may be made of; UltraSSD and PremiumV2 are for data."""


@dataclass(frozen=True, kw_only=True)
class DiskPlan:
    """The managed disk to make; names are checked when it is made.

    ``trusted_launch`` lets the disk start machines with Secure Boot and a virtual TPM.

    Raises:
        UsageError: ``azure-name``, or generation 1 where generation 2 is needed.
    """

    resource_group: str
    name: str
    location: str
    generation: Generation
    architecture: Architecture = Architecture.X64
    sku: str = "Standard_LRS"
    trusted_launch: bool = False

    def __post_init__(self) -> None:
        names.RESOURCE_GROUP.check(self.resource_group)
        names.DISK.check(self.name)
        names.LOCATION.check(self.location)
        if self.generation is Generation.BIOS and (
            self.trusted_launch or self.architecture is Architecture.ARM64
        ):
            raise UsageError(
                "azure-generation",
                "Trusted Launch and Arm64 need generation 2",
                hint="--generation 2 with an image that starts by UEFI",
            )

    def body(self, disk_size: int) -> dict[str, Any]:
        """The disk as Azure Resource Manager takes it, for a disk of this many bytes."""
        properties: dict[str, Any] = {
            "osType": "Linux",
            "hyperVGeneration": f"V{int(self.generation)}",
            "supportedCapabilities": {"architecture": self.architecture.value},
            "creationData": {
                "createOption": "Upload",
                "uploadSizeBytes": disk_size + FOOTER_SIZE,
            },
        }
        if self.trusted_launch:
            properties["securityProfile"] = {"securityType": "TrustedLaunch"}
        return {
            "location": self.location,
            "sku": {"name": self.sku},
            "properties": properties,
        }


def upload_to_disk(
    container: Container, plan: DiskPlan, compute: Compute, options: TransferOptions
) -> TransferResult:
    """Send the disk in ``container`` into a managed disk that is made for it.

    A disk that an interrupted upload left is continued with ``resume``, and begun again with
    ``force`` as long as its upload was not ended.

    Raises:
        UsageError: the disk exists, or the image has a size Azure does not take.
        ImageError: the image is damaged.
        TransferError: Azure refuses, or cannot be reached; the upload can be resumed.
    """
    size = round_up_to_mib(container.virtual_size)
    refuse_os_size(size)
    refuse_sizes(size, managed=True)
    _make(plan, size, compute, options)
    first = compute.grant(plan.resource_group, plan.name)

    def renew() -> Connect:
        return connect_url(compute.grant(plan.resource_group, plan.name))

    name = resource_id(compute.subscription, plan.resource_group, "disks", plan.name)
    target = Target(name=name, connect=connect_url(first), managed=True, renew=renew)
    result = upload(container, target, options)
    compute.revoke(plan.resource_group, plan.name)
    return result


def _make(plan: DiskPlan, size: int, compute: Compute, options: TransferOptions) -> None:
    body = plan.body(size)
    found = compute.find("disks", plan.resource_group, plan.name)
    if found is None:
        path = (plan.resource_group, plan.name, body)
        compute.run(f"Make the disk {plan.name}", "disks", "begin_create_or_update", *path)
        return
    properties = found.get("properties", {})
    if properties.get("diskState") not in _WAITING:
        raise UsageError(
            "azure-target-exists",
            f"there is a disk {plan.name} in {plan.resource_group}, and it is in use or finished",
            hint="choose another name; a finished disk is never replaced",
        )
    expected = body["properties"]
    created = properties.get("creationData", {}).get("uploadSizeBytes")
    if created != expected["creationData"]["uploadSizeBytes"]:
        raise UsageError(
            "azure-disk-size",
            f"the disk {plan.name} waits for {created} bytes, the VHD has {size + FOOTER_SIZE}",
            hint="delete it, or choose another name",
        )
    if properties.get("hyperVGeneration") != expected["hyperVGeneration"]:
        raise UsageError(
            "azure-generation",
            f"the disk {plan.name} was made as {properties.get('hyperVGeneration')}",
            hint="delete it, or choose another name: a disk's generation never changes",
        )
    if not (options.resume or options.force):
        raise UsageError(
            "azure-target-exists",
            f"the disk {plan.name} waits for an upload already",
            hint="--resume continues it, --force begins again",
        )


def generation_of(
    asked: Generation | None, found: frozenset[Generation], *, anyway: bool
) -> Generation:
    """The generation to make a disk or image with: the user's choice, else what can start it.

    Generation 2 where both can: it is the one that Azure's newer sizes and Trusted Launch need.

    Raises:
        UsageError: ``azure-generation``, when the image cannot start that way and not ``anyway``.
    """
    if asked is not None and (asked in found or anyway):
        return asked
    if asked is None and found:
        return max(found)
    if asked is None and anyway:
        return Generation.BIOS
    ways = " or ".join(f"generation {int(item)}" for item in sorted(found)) or "neither"
    raise UsageError(
        "azure-generation",
        f"by its boot loader the image starts as {ways}"
        + (f", not as generation {int(asked)}" if asked is not None else ""),
        hint="bootworthy check says what is missing; --anyway sends it nevertheless",
    )
