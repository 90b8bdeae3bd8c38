"""What is to be published, an image or a version in a gallery, as Resource Manager takes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bootworthy.azure import names
from bootworthy.azure.capabilities import Capabilities
from bootworthy.azure.compute import resource_id
from bootworthy.azure.managed_disk import DiskPlan
from bootworthy.model.errors import UsageError
from bootworthy.model.intent import Architecture, Generation, OsState


class SecurityType(StrEnum):
    """Azure's own words, of the feature SecurityType of an image definition."""

    STANDARD = "Standard"
    SUPPORTED = "TrustedLaunchSupported"
    """Machines may have Trusted Launch or not."""
    REQUIRED = "TrustedLaunch"


@dataclass(frozen=True, kw_only=True)
class GalleryPlace:
    """Where a version goes; ``publisher``, ``offer`` and ``sku`` name a definition that is new."""

    gallery: str
    definition: str
    version: str
    publisher: str = "bootworthy"
    offer: str = "linux"
    sku: str = ""
    regions: tuple[str, ...] = ()
    replicas: int = 1


@dataclass(frozen=True, kw_only=True)
class Publication:
    """An image to publish, all of it decided.

    Raises:
        UsageError: a name Azure does not take, or a wish that no such image can have.
    """

    subscription: str
    resource_group: str
    name: str
    location: str
    generation: Generation
    architecture: Architecture = Architecture.X64
    os_state: OsState = OsState.GENERALIZED
    security_type: SecurityType = SecurityType.STANDARD
    nvme: bool = False
    accelerated_networking: bool = False
    place: GalleryPlace | None = None
    disk_sku: str = "Standard_LRS"

    def __post_init__(self) -> None:
        names.SUBSCRIPTION.check(self.subscription)
        names.IMAGE.check(self.name)
        _ = self.disk
        if self.place is None:
            _refuse_without_gallery(self)
        else:
            names.GALLERY.check(self.place.gallery)
            names.DEFINITION.check(self.place.definition)
            names.check_version(self.place.version)
            for region in self.place.regions:
                names.LOCATION.check(region)

    @property
    def disk(self) -> DiskPlan:
        """The managed disk that the bytes go into first."""
        return DiskPlan(
            resource_group=self.resource_group,
            name=f"{self.name[:70]}-upload",
            location=self.location,
            generation=self.generation,
            architecture=self.architecture,
            sku=self.disk_sku,
            trusted_launch=self.security_type is SecurityType.REQUIRED,
        )

    @property
    def disk_id(self) -> str:
        """The identifier of that disk."""
        return resource_id(self.subscription, self.resource_group, "disks", self.disk.name)

    @property
    def identifier(self) -> str:
        """The identifier that machines are made from."""
        place = self.place
        if place is None:
            return resource_id(self.subscription, self.resource_group, "images", self.name)
        path = ("galleries", place.gallery, "images", place.definition)
        version = ("versions", place.version)
        return resource_id(self.subscription, self.resource_group, *path, *version)

    @property
    def state(self) -> str:
        """The state of the system, as Azure spells it."""
        return self.os_state.value.capitalize()

    @property
    def hyper_v(self) -> str:
        """The generation, as Azure spells it."""
        return f"V{int(self.generation)}"

    @property
    def features(self) -> tuple[tuple[str, str], ...]:
        """The features of an image definition (REST specification, GalleryImageFeature)."""
        found = []
        if self.security_type is not SecurityType.STANDARD:
            found.append(("SecurityType", self.security_type.value))
        if self.nvme:
            found.append(("DiskControllerTypes", "SCSI,NVMe"))
        if self.accelerated_networking:
            found.append(("IsAcceleratedNetworkSupported", "True"))
        return tuple(found)

    def image_body(self) -> dict[str, Any]:
        """A managed image (images, ComputeRP image.json)."""
        disk = {"osType": "Linux", "osState": self.state, "managedDisk": {"id": self.disk_id}}
        return {
            "location": self.location,
            "properties": {
                "hyperVGeneration": self.hyper_v,
                "storageProfile": {"osDisk": disk},
            },
        }

    def definition_body(self) -> dict[str, Any]:
        """An image definition (galleries/images, GalleryRP gallery.json)."""
        place = self._gallery
        identifier = {
            "publisher": place.publisher,
            "offer": place.offer,
            "sku": place.sku or place.definition,
        }
        return {
            "location": self.location,
            "properties": {
                "osType": "Linux",
                "osState": self.state,
                "hyperVGeneration": self.hyper_v,
                "architecture": self.architecture.value,
                "identifier": identifier,
                "features": [{"name": name, "value": value} for name, value in self.features],
            },
        }

    def version_body(self) -> dict[str, Any]:
        """A version of an image definition (galleries/images/versions)."""
        place = self._gallery
        regions = place.regions or (self.location,)
        profile = {
            "targetRegions": [
                {"name": region, "regionalReplicaCount": place.replicas} for region in regions
            ]
        }
        return {
            "location": self.location,
            "properties": {
                "publishingProfile": profile,
                "storageProfile": {"osDiskImage": {"source": {"id": self.disk_id}}},
            },
        }

    @property
    def _gallery(self) -> GalleryPlace:
        if self.place is None:
            raise UsageError("azure-gallery", "this image goes into no gallery")
        return self.place

    def first_machine(self) -> str:
        """The command that makes a first machine from it."""
        words = f"az vm create --resource-group {self.resource_group} --name {self.name}-first"
        words += f" --location {self.location} --image {self.identifier}"
        if self.os_state is OsState.SPECIALIZED:
            words += " --specialized"
        else:
            words += " --admin-username azureuser --generate-ssh-keys"
        trusted = self.security_type is not SecurityType.STANDARD
        words += f" --security-type {'TrustedLaunch' if trusted else 'Standard'}"
        if trusted:
            words += " --enable-secure-boot true --enable-vtpm true"
        arm = self.architecture is Architecture.ARM64
        return words + f" --size {'Standard_D2ps_v5' if arm else 'Standard_D2s_v5'}"


def _refuse_without_gallery(image: Publication) -> None:
    """Told by https://learn.microsoft.com/azure/virtual-machines/trusted-launch."""
    reasons = {
        "Arm64": image.architecture is Architecture.ARM64,
        "Trusted Launch": image.security_type is not SecurityType.STANDARD,
        "a specialized system": image.os_state is OsState.SPECIALIZED,
    }
    found = [what for what, is_so in reasons.items() if is_so]
    if found:
        raise UsageError(
            "azure-gallery",
            f"a managed image cannot have {' or '.join(found)}; a gallery can",
            hint="--gallery NAME --image-definition NAME --version 1.0.0",
        )


def with_capabilities(
    image: Publication, found: Capabilities, *, security_type: SecurityType | None
) -> Publication:
    """The publication with the features the image can really have; managed images have none."""
    if image.place is None:
        return replace(image, security_type=security_type or SecurityType.STANDARD)
    can = found.trusted_launch and image.generation is Generation.UEFI
    chosen = security_type or (SecurityType.SUPPORTED if can else SecurityType.STANDARD)
    return replace(
        image,
        security_type=chosen,
        nvme=found.nvme and image.generation is Generation.UEFI,
        accelerated_networking=found.accelerated_networking,
    )
