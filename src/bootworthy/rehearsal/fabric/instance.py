"""The instance document of the metadata service, as it is in each version of the interface."""

from __future__ import annotations

import base64
from typing import Any

from bootworthy.rehearsal.fabric.identity import Deployment

# learn.microsoft.com, virtual-machines/instance-metadata-service, "Supported API versions".
VERSIONS = (
    *("2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01"),
    *("2018-02-01", "2018-04-02", "2018-10-01"),
    *("2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04"),
    *("2019-08-01", "2019-08-15", "2019-11-01"),
    *("2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01"),
    *("2021-01-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-08-01"),
    *("2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01"),
)

# The same page, "Endpoint categories": the version that brought each property of `compute`;
# a dot leads into an object.
_SINCE = {
    "azEnvironment": "2018-10-01",
    "customData": "2019-02-01",
    "evictionPolicy": "2020-12-01",
    "isHostCompatibilityLayerVm": "2020-06-01",
    "licenseType": "2020-09-01",
    "osProfile": "2020-07-15",
    "osProfile.disablePasswordAuthentication": "2020-10-01",
    "placementGroupId": "2017-08-01",
    "plan": "2018-04-02",
    "priority": "2020-12-01",
    "provider": "2018-10-01",
    "publicKeys": "2018-04-02",
    "resourceGroupName": "2017-08-01",
    "resourceId": "2019-03-11",
    "securityProfile": "2020-06-01",
    "securityProfile.encryptionAtHost": "2021-11-01",
    "securityProfile.securityType": "2021-12-13",
    "storageProfile": "2019-06-01",
    "subscriptionId": "2017-08-01",
    "tags": "2017-08-01",
    "tagsList": "2019-06-04",
    "userData": "2021-01-01",
    "virtualMachineScaleSet": "2021-03-01",
    "vmScaleSetName": "2017-12-01",
    "zone": "2017-12-01",
}

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_GROUP = "rehearsal"

# The reader of Azure's texts expects these as words.
_WORDS = {True: "true", False: "false"}


def instance_document(deployment: Deployment, version: str, *, extended: bool) -> dict[str, Any]:
    """The document at ``/metadata/instance``; ``extended`` is cloud-init's wish for more."""
    compute = _as_of(_compute(deployment), version)
    document: dict[str, Any] = {"compute": compute, "network": _network(deployment)}
    if extended:
        document["extended"] = {
            "compute": {
                "hasCustomData": deployment.scenario.custom_data is not None,
                "ppsType": "None",
            }
        }
    return document


def _as_of(compute: dict[str, Any], version: str) -> dict[str, Any]:
    """Without what came later; versions are dates, so their order is the alphabet's."""
    for path, since in _SINCE.items():
        if version >= since:
            continue
        outer, _, inner = path.partition(".")
        if inner:
            compute.get(outer, {}).pop(inner, None)
        else:
            compute.pop(outer, None)
    return compute


def resource_id(deployment: Deployment) -> str:
    """The machine's name in Azure's resource manager."""
    machines = "providers/Microsoft.Compute/virtualMachines"
    name = deployment.scenario.host_name
    return f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/{_GROUP}/{machines}/{name}"


def _compute(deployment: Deployment) -> dict[str, Any]:
    scenario = deployment.scenario
    user_data = base64.b64encode(scenario.user_data or b"").decode()
    keys = f"/home/{scenario.user_name}/.ssh/authorized_keys"
    return {
        "azEnvironment": "AzurePublicCloud",
        # Azure leaves it empty, whatever the deployment gave.
        "customData": "",
        "evictionPolicy": "",
        "isHostCompatibilityLayerVm": "false",
        "licenseType": "",
        "location": scenario.location,
        "name": scenario.host_name,
        "offer": "",
        "osProfile": {
            "adminUsername": scenario.user_name,
            "computerName": scenario.host_name,
            "disablePasswordAuthentication": _WORDS[scenario.disable_password_authentication],
        },
        "osType": "Linux",
        "placementGroupId": "",
        "plan": {"name": "", "product": "", "publisher": ""},
        "platformFaultDomain": "0",
        "platformUpdateDomain": "0",
        "priority": "",
        "provider": "Microsoft.Compute",
        "publicKeys": [{"keyData": key, "path": keys} for key in scenario.ssh_public_keys],
        "publisher": "",
        "resourceGroupName": _GROUP,
        "resourceId": resource_id(deployment),
        "securityProfile": {
            "encryptionAtHost": "false",
            "secureBootEnabled": _WORDS[scenario.trusted_launch],
            "securityType": "TrustedLaunch" if scenario.trusted_launch else "",
            "virtualTpmEnabled": _WORDS[scenario.trusted_launch],
        },
        "sku": "",
        "storageProfile": _storage(deployment),
        "subscriptionId": _SUBSCRIPTION,
        "tags": "",
        "tagsList": [],
        "userData": user_data,
        "version": "",
        "virtualMachineScaleSet": {"id": ""},
        "vmId": scenario.vm_id,
        "vmScaleSetName": "",
        "vmSize": scenario.vm_size,
        "zone": "",
    }


def _storage(deployment: Deployment) -> dict[str, Any]:
    scenario = deployment.scenario
    return {
        "dataDisks": [
            {**_disk(deployment, f"DataDisk_{lun}"), "lun": str(lun), "createOption": "Empty"}
            for lun in range(scenario.data_disks)
        ],
        "imageReference": {"id": "", "offer": "", "publisher": "", "sku": "", "version": ""},
        "osDisk": {
            **_disk(deployment, "OsDisk_1"),
            "createOption": "FromImage",
            "diffDiskSettings": {"option": ""},
            "encryptionSettings": {"enabled": "false"},
            "osType": "Linux",
        },
        # In MiB.
        "resourceDisk": {"size": "4096"},
    }


def _disk(deployment: Deployment, name: str) -> dict[str, Any]:
    full = f"{deployment.scenario.host_name}_{name}"
    group = resource_id(deployment).rpartition("/virtualMachines/")[0]
    return {
        "caching": "ReadWrite",
        "diskSizeGB": "30",
        "image": {"uri": ""},
        "managedDisk": {"id": f"{group}/disks/{full}", "storageAccountType": "Standard_LRS"},
        "name": full,
        "vhd": {"uri": ""},
        "writeAcceleratorEnabled": "false",
    }


def _network(deployment: Deployment) -> dict[str, Any]:
    return {
        "interface": [
            {
                "ipv4": {
                    "ipAddress": [{"privateIpAddress": nic.guest, "publicIpAddress": ""}],
                    "subnet": [{"address": nic.network, "prefix": "24"}],
                },
                "ipv6": {"ipAddress": []},
                "macAddress": nic.mac.replace(":", "").upper(),
            }
            for nic in deployment.nics
        ]
    }
