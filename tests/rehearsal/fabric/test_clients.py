"""Cloud-init's and the agent's own code, as Debian ships it, against the fabric."""

from __future__ import annotations

import json
from pathlib import Path

from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.fabric.ovf import ovf_environment
from bootworthy.rehearsal.scenario import Scenario
from tests.rehearsal.fabric.conftest import KEY
from tests.rehearsal.fabric.stand_in import StandIn

_CLOUD_INIT_READS_THE_MEDIUM = """
import json, sys
from cloudinit.sources.helpers.azure import OvfEnvXml
env = OvfEnvXml.parse_text(open({path!r}).read())
print(json.dumps([env.username, env.password, env.hostname, env.custom_data.decode(),
    env.disable_ssh_password_auth, env.public_keys, env.preprovisioned_vm]))
"""

_AGENT_READS_THE_MEDIUM = """
import json
from azurelinuxagent.common.protocol.ovfenv import OvfEnv
env = OvfEnv(open({path!r}).read())
print(json.dumps([env.username, env.user_password, env.hostname, env.customdata,
    env.disable_ssh_password_auth, env.ssh_pubkeys, env.provision_guest_agent]))
"""


def _medium(scenario: Scenario, folder: Path) -> str:
    path = folder / "ovf-env.xml"
    path.write_bytes(ovf_environment(scenario))
    return str(path)


def test_cloud_init_reads_the_medium(
    scenario: Scenario, guest: StandIn, tmp_path: Path, cloud_init: str
) -> None:
    program = _CLOUD_INIT_READS_THE_MEDIUM.format(path=_medium(scenario, tmp_path))
    ran = guest.python(program, cloud_init)

    assert ran.status == 0, ran.output
    key = {"path": "/home/azureuser/.ssh/authorized_keys", "value": KEY, "fingerprint": None}
    user, word, host, custom, no_password, keys, pooled = json.loads(ran.output)
    assert (user, word, host) == ("azureuser", "Bobby <&> Tables", "tester-vm")
    assert custom == "#!/bin/sh\necho custom\n"
    assert no_password is True
    assert [{**key, **found} for found in keys] == [key]
    assert pooled is False


def test_the_agent_reads_the_medium(
    scenario: Scenario, guest: StandIn, tmp_path: Path, agent: str
) -> None:
    program = _AGENT_READS_THE_MEDIUM.format(path=_medium(scenario, tmp_path))
    ran = guest.python(program, agent)

    assert ran.status == 0, ran.output
    keys = [["/home/azureuser/.ssh/authorized_keys", None, KEY]]
    custom = "IyEvYmluL3NoCmVjaG8gY3VzdG9tCg=="
    wanted = ["azureuser", "Bobby <&> Tables", "tester-vm", custom, True, keys, "true"]
    assert json.loads(ran.output) == wanted


def test_cloud_init_registers_and_reports_ready(
    fabric: Fabric, settled: StandIn, cloud_init: str
) -> None:
    """With a transport certificate of its own, which it decrypts the deployment's with."""
    program = (
        "from cloudinit.sources.helpers import azure\n"
        f"print(azure.get_metadata_from_fabric('168.63.129.16', [{{'value': {KEY!r}}}]))"
    )
    ran = settled.python(program, cloud_init)

    assert ran.status == 0, ran.output
    assert ran.output.splitlines()[-1] == str([KEY])
    kinds = [event.kind for event in fabric.events if event.service == "wire"]
    assert kinds == ["goalstate", "certificates", "health-ready"]


def test_cloud_init_finds_the_certificate_by_its_fingerprint(
    settled: StandIn, cloud_init: str
) -> None:
    program = """
from cloudinit.sources.helpers import azure
manager = azure.OpenSSLManager()
client = azure.AzureEndpointHttpClient(manager.certificate)
shim = azure.WALinuxAgentShim('168.63.129.16')
shim.azure_endpoint_client = client
state = shim._fetch_goal_state_from_azure(need_certificate=True)
print(*[key for key in manager.parse_certificates(state.certificates_xml).values()])
"""
    ran = settled.python(program, cloud_init)

    assert ran.status == 0, ran.output
    assert ran.output.startswith("ssh-rsa AAAA")


def test_cloud_init_reports_a_failure(fabric: Fabric, settled: StandIn, cloud_init: str) -> None:
    program = (
        "from cloudinit.sources.helpers import azure\n"
        "azure.report_failure_to_fabric('168.63.129.16', 'no <medium> & no network')"
    )
    ran = settled.python(program, cloud_init)

    assert ran.status == 0, ran.output
    told = [event.detail for event in fabric.events if event.kind == "health-notready"]
    assert len(told) == 1
    assert told[0].startswith("ProvisioningFailed: no <medium> & no network (from Cloud-Init/")


def test_cloud_init_asks_the_metadata_service(settled: StandIn, cloud_init: str) -> None:
    program = """
import json
from cloudinit.sources import DataSourceAzure as azure
print(json.dumps(azure.get_metadata_from_imds(0, api_version=azure.IMDS_VER_WANT)))
"""
    ran = settled.python(program, cloud_init)

    assert ran.status == 0, ran.output
    document = json.loads(ran.output.splitlines()[-1])
    assert document["compute"]["osProfile"]["adminUsername"] == "azureuser"
    assert document["extended"]["compute"] == {"hasCustomData": True, "ppsType": "None"}
    assert len(document["network"]["interface"]) == 2


_AGENT = """
import os, json
from azurelinuxagent.common import conf
os.makedirs({lib!r}, exist_ok=True)
conf.get_lib_dir = lambda: {lib!r}
from azurelinuxagent.common.protocol.wire import WireProtocol
from azurelinuxagent.common.protocol.restapi import ProvisionStatus
from azurelinuxagent.common.protocol.imds import get_imds_client
wire = WireProtocol('168.63.129.16')
wire.detect()
client = wire.client
client.update_goal_state(force_update=True)
state = client._goal_state
extensions = client.get_extensions_goal_state()
wire.report_provision_status(ProvisionStatus(status='NotReady', subStatus='Provisioning',
    description='Starting'))
wire.report_provision_status(ProvisionStatus(status='Ready'))
host = client.get_host_plugin()
compute = get_imds_client('168.63.129.16').get_compute()
print(json.dumps({{
    'name': state.hosting_env.vm_name,
    'certificates': len(state.certs.cert_list.certificates),
    'source': type(extensions).__name__,
    'families': [each.family for each in extensions.agent_manifests],
    'blob': extensions.status_upload_blob_type,
    'health': host.get_health(),
    'available': host.ensure_initialized(),
    'manifest': client.fetch_manifest(extensions.agent_manifests[0].uris) is not None,
    'private': sorted(name[-4:] for name in os.listdir({lib!r}) if name[-4:] in ('.prv', '.crt')),
    'origin': compute.image_origin,
    'size': compute.vmSize,
}}))
"""


def test_the_agent_takes_the_goal_state_and_reports(
    fabric: Fabric, settled: StandIn, tmp_path: Path, agent: str
) -> None:
    ran = settled.python(_AGENT.format(lib=str(tmp_path / "lib")), agent)

    assert ran.status == 0, ran.output
    told = json.loads(ran.output.splitlines()[-1])
    assert told["name"] == "_tester-vm"
    assert told["certificates"] == 1
    assert told["private"] == [".crt", ".prv"]
    # It takes vmSettings only when they agree with the extensions configuration.
    assert told["source"] == "ExtensionsGoalStateFromVmSettings"
    assert told["families"] == ["Prod", "Test"]
    assert told["blob"] == "BlockBlob"
    assert (told["health"], told["available"], told["manifest"]) == (True, True, True)
    assert told["size"] == "Standard_D2s_v3"
    kinds = {event.kind for event in fabric.events}
    assert kinds >= {
        *("wire-versions", "goalstate", "hosting-environment", "shared-config"),
        *("certificates", "extensions-config", "health-notready", "health-ready"),
        *("hostgaplugin-versions", "hostgaplugin-vmsettings", "hostgaplugin-health"),
        *("agent-manifest", "imds-request"),
    }
    refused = ("refused", "unknown", "error")
    assert [event for event in fabric.events if event.kind.endswith(refused)] == []
