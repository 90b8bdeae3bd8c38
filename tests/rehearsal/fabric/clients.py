"""Programs that use cloud-init's and the agent's own code, in whatever version they come.

Both were rewritten between Debian 11 and 13. What differs is told by the code itself, not by its
version: by what a function takes, and by which functions there are.
"""

from __future__ import annotations

# Everything here goes through str.format.
_CLOUD_INIT = """
import inspect, json, time
# Its modules import each other: this one has to come first.
from cloudinit.sources import DataSourceAzure
from cloudinit.sources.helpers import azure

# As the DHCP client of old versions writes option 245.
OPTION_245 = "a8:3f:81:10"
EVERYTHING = {{"endpoint": "168.63.129.16", "dhcp_opts": OPTION_245, "dhcp_options": OPTION_245}}

def called(function, **given):
    # Its decorator for telemetry hides what a function takes.
    closure = getattr(function, "__closure__", None)
    inner = closure and inspect.getclosurevars(function).nonlocals.get("func")
    takes = inspect.signature(inner or function).parameters
    chosen = {{**EVERYTHING, "distro": None, **given}}
    return function(**{{name: value for name, value in chosen.items() if name in takes}})
"""

CLOUD_INIT_READS_THE_MEDIUM = (
    _CLOUD_INIT
    + """
text = open({path!r}).read()
if hasattr(azure, "OvfEnvXml"):
    env = azure.OvfEnvXml.parse_text(text)
    found = [env.username, env.hostname, env.custom_data.decode(),
        env.disable_ssh_password_auth, env.public_keys, env.preprovisioned_vm]
    assert env.password == {password!r}
else:
    metadata, custom, config = DataSourceAzure.read_azure_ovf(text)
    import crypt
    assert crypt.crypt({password!r}, config["password"]) == config["password"]
    found = [config["system_info"]["default_user"]["name"], metadata["local-hostname"],
        custom.decode(), not config["ssh_pwauth"], config["_pubkeys"], config["PreprovisionedVm"]]
print(json.dumps(found))
"""
)

CLOUD_INIT_REGISTERS = (
    _CLOUD_INIT
    + """
keys = called(azure.get_metadata_from_fabric, pubkey_info=[{{"value": {key!r}}}])
print(json.dumps(keys["public-keys"] if isinstance(keys, dict) else keys))
"""
)

CLOUD_INIT_FINDS_THE_CERTIFICATE = (
    _CLOUD_INIT
    + """
manager = azure.OpenSSLManager()
client = azure.AzureEndpointHttpClient(manager.certificate)
shim = called(azure.WALinuxAgentShim)
shim.azure_endpoint_client = client
state = shim._fetch_goal_state_from_azure(need_certificate=True)
print(json.dumps(list(manager.parse_certificates(state.certificates_xml).values())))
"""
)

CLOUD_INIT_REPORTS_A_FAILURE = (
    _CLOUD_INIT
    + """
given = {{"description": {reason!r}, "encoded_report": {reason!r}}}
try:
    from cloudinit.sources.azure.errors import ReportableError
    given["error"] = ReportableError({reason!r})
except ImportError:
    pass
called(azure.report_failure_to_fabric, **given)
"""
)

CLOUD_INIT_ASKS_THE_METADATA_SERVICE = (
    _CLOUD_INIT
    + """
if hasattr(DataSourceAzure, "imds"):
    document = DataSourceAzure.imds.fetch_metadata_with_api_fallback(time.monotonic() + 60)
else:
    get = DataSourceAzure.get_metadata_from_imds
    wanted = getattr(DataSourceAzure, "IMDS_VER_WANT", None)
    document = called(get, retries=0, fallback_nic="lo", api_version=wanted)
print(json.dumps(document))
"""
)

AGENT_READS_THE_MEDIUM = """
import json
from azurelinuxagent.common.protocol.ovfenv import OvfEnv
env = OvfEnv(open({path!r}).read())
print(json.dumps([env.username, env.user_password, env.hostname, env.customdata,
    env.disable_ssh_password_auth, env.ssh_pubkeys, env.provision_guest_agent]))
"""

AGENT_TAKES_THE_GOAL_STATE = """
import inspect, json, os
from azurelinuxagent.common import conf
os.makedirs({lib!r}, exist_ok=True)
conf.get_lib_dir = lambda: {lib!r}
from azurelinuxagent.common.protocol import wire
from azurelinuxagent.common.protocol.restapi import ProvisionStatus
from azurelinuxagent.common.protocol.imds import get_imds_client
from azurelinuxagent.common.utils.cryptutil import CryptUtil

def called(function, **given):
    takes = inspect.signature(function).parameters
    return function(**{{name: value for name, value in given.items() if name in takes}})

def first(holder, *names):
    return next(getattr(holder, name) for name in names if hasattr(holder, name))

try:
    # The agent's service does it before all else, since 2.15 or so.
    from azurelinuxagent.ga.confidential_vm_info import ConfidentialVMInfo
except ImportError:
    pass
else:
    ConfidentialVMInfo.fetch_and_initialize_cvm_info()

# Its daemon does, before it starts the part that this is.
CryptUtil(conf.get_openssl_cmd()).gen_transport_cert(
    os.path.join({lib!r}, "TransportPrivate.pem"), os.path.join({lib!r}, "TransportCert.pem")
)
protocol = wire.WireProtocol("168.63.129.16")
protocol.detect()
client = protocol.client
called(client.update_goal_state, force_update=True, forced=True)
state = client.get_goal_state()
protocol.report_provision_status(ProvisionStatus(status="NotReady", subStatus="Provisioning",
    description="Starting"))
protocol.report_provision_status(ProvisionStatus(status="Ready"))
host = client.get_host_plugin()
compute = called(get_imds_client, wireserver_endpoint="168.63.129.16").get_compute()
certificates = state.certs.cert_list.certificates if hasattr(state.certs, "cert_list") \\
    else state.certs.summary
told = {{
    "name": state.hosting_env.vm_name,
    "certificates": len(certificates),
    "health": host.get_health(),
    "available": host.ensure_initialized(),
    "private": sorted(name[-4:] for name in os.listdir({lib!r}) if name[-4:] in (".prv", ".crt")),
    "size": compute.vmSize,
}}
if hasattr(state, "ext_conf"):
    families = state.ext_conf.vmagent_manifests.vmAgentManifests
    told["blob"] = state.ext_conf.status_upload_blob_type
    uris = [uri.uri for uri in families[0].versionsManifestUris]
    told["manifest"] = client.fetch_manifest(families[0].versionsManifestUris) is not None
else:
    holder = client if hasattr(client, "get_extensions_goal_state") else state
    extensions = holder.get_extensions_goal_state() if holder is client \\
        else holder.extensions_goal_state
    families = extensions.agent_manifests if hasattr(extensions, "agent_manifests") \\
        else extensions.agent_families
    told["source"] = type(extensions).__name__
    told["blob"] = extensions.status_upload_blob_type
    uris = families[0].uris
    told["manifest"] = called(client.fetch_manifest, version_uris=uris, uris=uris,
        manifest_type="agent", use_verify_header=False) is not None
told["families"] = [first(each, "family", "name") for each in families]
print(json.dumps(told))
"""
