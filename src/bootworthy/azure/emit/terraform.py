"""A Terraform configuration for the azurerm provider, version 4."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bootworthy.azure.publication import Publication, SecurityType
from bootworthy.model.intent import OsState

_HEAD = """\
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

variable "blob_uri" {
  description = "Address of the page blob with the fixed VHD, without a SAS."
  type        = string
}

variable "storage_account_id" {
  description = "Identifier of the storage account that holds it."
  type        = string
}
"""


def render(image: Publication) -> str:
    """The configuration; the provider's own block is the pipeline's."""
    lines = _managed(image) if image.place is None else _gallery(image)
    return _HEAD + "\n" + "\n".join(lines) + "\n"


def _managed(image: Publication) -> Iterator[str]:
    yield 'resource "azurerm_image" "image" {'
    yield f"  name                = {text(image.name)}"
    yield f"  resource_group_name = {text(image.resource_group)}"
    yield f"  location            = {text(image.location)}"
    yield f"  hyper_v_generation  = {text(image.hyper_v)}"
    yield ""
    yield "  os_disk {"
    yield '    os_type      = "Linux"'
    yield f"    os_state     = {text(image.state)}"
    yield "    blob_uri     = var.blob_uri"
    yield '    storage_type = "StandardSSD_LRS"'
    yield "  }"
    yield "}"
    yield ""
    yield from _output("azurerm_image.image.id")


def _gallery(image: Publication) -> Iterator[str]:
    place = image.place
    if place is None:
        return
    yield 'resource "azurerm_shared_image_gallery" "gallery" {'
    yield f"  name                = {text(place.gallery)}"
    yield f"  resource_group_name = {text(image.resource_group)}"
    yield f"  location            = {text(image.location)}"
    yield "}"
    yield ""
    yield from _definition(image)
    yield 'resource "azurerm_shared_image_version" "version" {'
    yield f"  name                = {text(place.version)}"
    yield "  gallery_name        = azurerm_shared_image_gallery.gallery.name"
    yield "  image_name          = azurerm_shared_image.definition.name"
    yield f"  resource_group_name = {text(image.resource_group)}"
    yield f"  location            = {text(image.location)}"
    yield "  blob_uri            = var.blob_uri"
    yield "  storage_account_id  = var.storage_account_id"
    for region in place.regions or (image.location,):
        yield ""
        yield "  target_region {"
        yield f"    name                   = {text(region)}"
        yield f"    regional_replica_count = {place.replicas}"
        yield "  }"
    yield "}"
    yield ""
    yield from _output("azurerm_shared_image_version.version.id")


def _definition(image: Publication) -> Iterator[str]:
    identifier = image.definition_body()["properties"]["identifier"]
    yield 'resource "azurerm_shared_image" "definition" {'
    yield f"  name                = {text(image.place.definition if image.place else '')}"
    yield "  gallery_name        = azurerm_shared_image_gallery.gallery.name"
    yield f"  resource_group_name = {text(image.resource_group)}"
    yield f"  location            = {text(image.location)}"
    yield '  os_type             = "Linux"'
    yield f"  hyper_v_generation  = {text(image.hyper_v)}"
    yield f"  architecture        = {text(image.architecture.value)}"
    for name, value in _features(image):
        yield f"  {name} = {value}"
    yield ""
    yield "  identifier {"
    for key, value in identifier.items():
        yield f"    {key.ljust(9)} = {text(value)}"
    yield "  }"
    yield "}"
    yield ""


def _features(image: Publication) -> Iterator[tuple[str, str]]:
    wanted = {
        "specialized": image.os_state is OsState.SPECIALIZED,
        "trusted_launch_supported": image.security_type is SecurityType.SUPPORTED,
        "trusted_launch_enabled": image.security_type is SecurityType.REQUIRED,
        "disk_controller_type_nvme_enabled": image.nvme,
        "accelerated_network_support_enabled": image.accelerated_networking,
    }
    yield from ((name, "true") for name, is_so in wanted.items() if is_so)


def _output(value: str) -> Iterator[str]:
    yield 'output "image_id" {'
    yield f"  value = {value}"
    yield "}"


def text(value: str) -> str:
    """A string of the language: JSON's escapes, and no templates."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
