"""Templates and scripts: read back by parsers, and held against what their tools document.

Terraform's by python-hcl2, scripts by bash and shellcheck, Bicep's by a reader of our own; none of
the tools themselves ran, as they come with no package of Python, npm or Debian.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest

from bootworthy.azure.emit import az, bicep, terraform
from bootworthy.azure.publication import Publication
from tests.azure import bicep_reader
from tests.azure.arm_specification import problem_of
from tests.azure.test_publish import VARIANTS
from tests.disk.making import needs

# hashicorp/terraform-provider-azurerm, version 4: website/docs/r/*.markdown and
# internal/services/compute/shared_image_resource.go. Required arguments, then optional ones.
TERRAFORM: dict[str, tuple[set[str], set[str]]] = {
    "azurerm_image": (
        {"name", "resource_group_name", "location"},
        {"os_disk", "hyper_v_generation", "zone_resilient", "tags"},
    ),
    "azurerm_image.os_disk": (
        {"storage_type"},
        {"os_type", "os_state", "managed_disk_id", "blob_uri", "caching", "size_gb"},
    ),
    "azurerm_shared_image_gallery": (
        {"name", "resource_group_name", "location"},
        {"description", "sharing", "tags"},
    ),
    "azurerm_shared_image": (
        {"name", "gallery_name", "resource_group_name", "location", "os_type", "identifier"},
        {
            "accelerated_network_support_enabled",
            "architecture",
            "disk_controller_type_nvme_enabled",
            "hyper_v_generation",
            "specialized",
            "trusted_launch_enabled",
            "trusted_launch_supported",
        },
    ),
    "azurerm_shared_image.identifier": ({"publisher", "offer", "sku"}, set()),
    "azurerm_shared_image_version": (
        {
            "name",
            "gallery_name",
            "image_name",
            "resource_group_name",
            "location",
            "target_region",
        },
        {"blob_uri", "storage_account_id", "managed_image_id", "os_disk_snapshot_id"},
    ),
    "azurerm_shared_image_version.target_region": (
        {"name", "regional_replica_count"},
        {"storage_account_type"},
    ),
}

# Azure/azure-cli, command_modules/vm/_params.py, and https://learn.microsoft.com/cli/azure.
AZ: dict[str, tuple[set[str], set[str]]] = {
    "image create": (
        {"--resource-group", "--name", "--source"},
        {"--location", "--os-type", "--hyper-v-generation", "--storage-sku"},
    ),
    "sig create": ({"--resource-group", "--gallery-name"}, {"--location"}),
    "sig image-definition create": (
        {
            "--resource-group",
            "--gallery-name",
            "--gallery-image-definition",
            "--publisher",
            "--offer",
            "--sku",
            "--os-type",
        },
        {"--location", "--os-state", "--hyper-v-generation", "--architecture", "--features"},
    ),
    "sig image-version create": (
        {
            "--resource-group",
            "--gallery-name",
            "--gallery-image-definition",
            "--gallery-image-version",
        },
        {"--location", "--target-regions", "--os-vhd-uri", "--os-vhd-storage-account"},
    ),
}

BICEP = {
    "Microsoft.Compute/images@2024-07-01": "Image",
    "Microsoft.Compute/galleries@2024-03-03": "Gallery",
    "Microsoft.Compute/galleries/images@2024-03-03": "GalleryImage",
    "Microsoft.Compute/galleries/images/versions@2024-03-03": "GalleryImageVersion",
}


def _bare(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What the parser gives, with the quotes of texts and its own marks taken away."""
    if isinstance(value, dict):
        return {_bare(key): _bare(item) for key, item in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value).replace("$${", "${").replace("%%{", "%{")
    return value


def _terraform(image: Publication) -> dict[str, Any]:
    found: dict[str, Any] = _bare(hcl2.loads(terraform.render(image)))
    return found


def _resources(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources by their type; there is one of each."""
    return {
        kind: body
        for item in parsed["resource"]
        for kind, named in item.items()
        for body in named.values()
    }


@pytest.mark.parametrize("name", VARIANTS)
def test_terraform_has_arguments_that_the_provider_documents(name: str) -> None:
    for kind, body in _resources(_terraform(VARIANTS[name])).items():
        blocks = {kind: body}
        for key, value in body.items():
            if isinstance(value, list):
                blocks |= {f"{kind}.{key}": item for item in value}
        for place, given in blocks.items():
            required, optional = TERRAFORM[place]
            assert required <= set(given) <= required | optional, place


@pytest.mark.parametrize("name", VARIANTS)
def test_terraform_says_what_the_image_is(name: str) -> None:
    image = VARIANTS[name]
    parsed = _terraform(image)
    made = _resources(parsed)
    variables = {key for item in parsed["variable"] for key in item}

    assert variables == {"blob_uri", "storage_account_id"}
    if image.place is None:
        assert made["azurerm_image"]["os_disk"][0]["blob_uri"] == "${var.blob_uri}"
        assert made["azurerm_image"]["hyper_v_generation"] == image.hyper_v
        return
    definition, version = made["azurerm_shared_image"], made["azurerm_shared_image_version"]
    assert definition["identifier"][0]["offer"] == image.place.offer
    assert definition["architecture"] == image.architecture.value
    assert definition.get("specialized", False) is (image.state == "Specialized")
    assert version["image_name"] == "${azurerm_shared_image.definition.name}"
    regions = [item["name"] for item in version["target_region"]]
    assert regions == list(image.place.regions or ("westeurope",))


@needs("shellcheck")
@pytest.mark.parametrize("name", VARIANTS)
def test_shellcheck_finds_nothing(name: str, tmp_path: Path) -> None:
    script = tmp_path / "publish.sh"
    script.write_text(az.render(VARIANTS[name]), encoding="utf-8")
    for argv in (("bash", "-n", script), ("shellcheck", "--severity=warning", script)):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", VARIANTS)
def test_az_gets_arguments_that_it_documents(name: str) -> None:
    text = az.render(VARIANTS[name]).replace("\\\n", " ")
    lines = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("az ")]
    assert len(lines) == (1 if VARIANTS[name].place is None else 3)
    for words in lines:
        verb = " ".join(words[: next(at for at, word in enumerate(words) if word[:2] == "--")])
        given = [word for word in words if word.startswith("--")]
        required, optional = AZ[verb]
        assert len(given) == len(set(given))
        assert required <= set(given) <= required | optional, verb


@pytest.mark.parametrize("name", VARIANTS)
def test_bicep_follows_the_rest_specifications(name: str) -> None:
    made = bicep_reader.read(bicep.render(VARIANTS[name]))

    assert made.parameters == {"blobUri", "storageAccountId", "location"}
    known = made.parameters | {f"{symbol}.id" for symbol in made.resources}
    assert set(made.outputs.values()) <= known
    for kind, body in made.resources.values():
        parent = body.pop("parent", None)
        assert parent is None or parent in made.resources
        assert (parent is None) == (kind.partition("@")[0].count("/") == 1)
        assert body.pop("name")
        assert body["location"] == "location"
        assert problem_of(BICEP[kind], body) == ""


def test_bicep_has_what_publish_sends() -> None:
    image = VARIANTS["gallery"]
    made = bicep_reader.read(bicep.render(image))

    _, definition = made.resources["definition"]
    assert definition["properties"] == image.definition_body()["properties"]
    _, version = made.resources["version"]
    assert (
        version["properties"]["publishingProfile"]
        == (image.version_body()["properties"]["publishingProfile"])
    )
    source = version["properties"]["storageProfile"]["osDiskImage"]["source"]
    assert source == {"storageAccountId": "storageAccountId", "uri": "blobUri"}


@pytest.mark.parametrize(
    "text",
    [
        "resource a 'x' = {\n  b: 'c\n}\n",
        "resource a 'x' = {\n  b: }\n",
        "var a = 1\n",
        "param a\n",
    ],
)
def test_the_reader_of_bicep_refuses_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bicep_reader.read(text)
