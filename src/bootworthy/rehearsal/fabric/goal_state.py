"""The documents a machine's goal state is made of, as the wire server tells them.

Their shapes are what cloud-init (cloudinit/sources/helpers/azure.py) and the agent
(azurelinuxagent/common/protocol) read; no specification of them is published.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from bootworthy.rehearsal.fabric.addresses import WIRE_SERVER
from bootworthy.rehearsal.fabric.identity import INCARNATION, Deployment

STATUS_BLOB = f"http://{WIRE_SERVER}/blob/status?sv=2018-03-28&sr=b&sk=system-1&sig=rehearsal&sp=w"
"""Where the agent reports: on Azure a storage account, here the wire server itself."""

FAMILIES = ("Prod", "Test")
"""The channels of agent updates."""

_XML = '<?xml version="1.0" encoding="utf-8"?>\n'
_SCHEMA = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation='
_VERSION = f'version="1.0.0.0" goalStateIncarnation="{INCARNATION}"'

# Of the protocol, newest first; clients ask for 2012-11-30
# (azurelinuxagent/common/protocol/wire.py, PROTOCOL_VERSION).
_PREFERRED = "2015-04-05"
_SUPPORTED = (
    "2015-04-05",
    "2012-11-30",
    "2012-09-15",
    "2012-05-15",
    "2011-12-31",
    "2011-10-15",
    "2011-08-31",
    "2011-04-07",
    "2010-12-15",
    "2010-28-10",
)


def manifest_uri(family: str) -> str:
    """Where the versions of the agent are listed."""
    return f"http://{WIRE_SERVER}/manifest/{family}.xml"


def versions() -> str:
    """What the wire server speaks."""
    supported = "".join(f"<Version>{version}</Version>" for version in _SUPPORTED)
    return (
        f"{_XML}<Versions><Preferred><Version>{_PREFERRED}</Version></Preferred>"
        f"<Supported>{supported}</Supported></Versions>"
    )


def goal_state(deployment: Deployment) -> str:
    """Where everything else is to be had."""

    def _config(kind: str) -> str:
        return escape(_uri(deployment, f"comp=config&type={kind}&incarnation={INCARNATION}"))

    certificates = escape(_uri(deployment, f"comp=certificates&incarnation={INCARNATION}"))
    return f"""{_XML}<GoalState {_SCHEMA}"goalstate10.xsd">
  <Version>2012-11-30</Version>
  <Incarnation>{INCARNATION}</Incarnation>
  <Machine>
    <ExpectedState>Started</ExpectedState>
    <StopRolesDeadlineHint>300000</StopRolesDeadlineHint>
    <LBProbePorts><Port>16001</Port></LBProbePorts>
    <ExpectHealthReport>FALSE</ExpectHealthReport>
  </Machine>
  <Container>
    <ContainerId>{deployment.container_id}</ContainerId>
    <RoleInstanceList>
      <RoleInstance>
        <InstanceId>{escape(deployment.instance_id)}</InstanceId>
        <State>Started</State>
        <Configuration>
          <HostingEnvironmentConfig>{_config("hostingEnvironmentConfig")}</HostingEnvironmentConfig>
          <SharedConfig>{_config("sharedConfig")}</SharedConfig>
          <ExtensionsConfig>{_config("extensionsConfig")}</ExtensionsConfig>
          <FullConfig>{_config("fullConfig")}</FullConfig>
          <Certificates>{certificates}</Certificates>
          <ConfigName>{escape(deployment.config_name)}</ConfigName>
        </Configuration>
      </RoleInstance>
    </RoleInstanceList>
  </Container>
</GoalState>
"""


def _uri(deployment: Deployment, query: str) -> str:
    place = f"{deployment.container_id}/{deployment.instance_id}"
    return f"http://{WIRE_SERVER}:80/machine/{place}?{query}"


def hosting_environment(deployment: Deployment) -> str:
    """What kind of machine it is: the agent reads the names of role and deployment."""
    role = quoteattr(deployment.role)
    name = quoteattr(deployment.name)
    return f"""{_XML}<HostingEnvironmentConfig {_VERSION}>
  <StoredCertificates/>
  <Deployment name={name} guid="{{{deployment.name}}}" incarnation="0"
    isNonCancellableTopologyChangeEnabled="false">
    <Service name={name} guid="{{00000000-0000-0000-0000-000000000000}}" />
    <ServiceInstance name="{deployment.name}.0" guid="{{{deployment.name}}}" />
  </Deployment>
  <Incarnation number="1" instance={role} guid="{{{deployment.container_id}}}" />
  <Role guid="{{{deployment.container_id}}}" name={role} hostingEnvironmentVersion="1" software=""
    softwareType="ApplicationPackage" entryPoint="" parameters="" settleTimeSeconds="0" />
  <HostingEnvironmentSettings name="full" Runtime="RuntimePackage_1.0.0.16.zip">
    <CAS mode="full" />
    <PrivilegeLevel mode="max" />
    <AdditionalProperties><CgiHandlers /></AdditionalProperties>
  </HostingEnvironmentSettings>
  <ApplicationSettings />
  <ResourceReferences />
</HostingEnvironmentConfig>
"""


def shared_config(deployment: Deployment) -> str:
    """The machine among its neighbours: it has none."""
    role = quoteattr(deployment.role)
    name = quoteattr(deployment.name)
    address = quoteattr(deployment.nics[0].guest)
    return f"""{_XML}<SharedConfig {_VERSION}>
  <Deployment name={name} guid="{{{deployment.name}}}" incarnation="0">
    <Service name={name} guid="{{00000000-0000-0000-0000-000000000000}}" />
    <ServiceInstance name="{deployment.name}.0" guid="{{{deployment.name}}}" />
  </Deployment>
  <Incarnation number="1" instance={role} guid="{{{deployment.container_id}}}" />
  <Role guid="{{{deployment.container_id}}}" name={role} settleTimeSeconds="0" />
  <LoadBalancerSettings timeoutSeconds="0" waitLoadBalancerProbeCount="8">
    <Probes><Probe name={role} /></Probes>
  </LoadBalancerSettings>
  <OutputEndpoints />
  <Instances>
    <Instance id={role} address={address}>
      <FaultDomains randomId="0" updateId="0" updateCount="0" />
      <InputEndpoints />
    </Instance>
  </Instances>
</SharedConfig>
"""


def extensions_config(deployment: Deployment) -> str:
    """No extension is wanted; where to report, and where updates of the agent are listed."""
    families = "".join(
        f"<GAFamily><Name>{family}</Name><Uris><Uri>{manifest_uri(family)}</Uri></Uris></GAFamily>"
        for family in FAMILIES
    )
    return f"""{_XML}<Extensions {_VERSION}>
  <GuestAgentExtension xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
    <GAFamilies>{families}</GAFamilies>
  </GuestAgentExtension>
  <Plugins />
  <PluginSettings />
  <StatusUploadBlob statusBlobType="BlockBlob">{escape(STATUS_BLOB)}</StatusUploadBlob>
  <InVMGoalStateMetaData inSvdSeqNo="1" createdOnTicks="{deployment.created_ticks}"
    activityId="{deployment.activity_id}" correlationId="{deployment.correlation_id}" />
</Extensions>
"""


def manifest() -> str:
    """The versions of the agent that there are to update to: none."""
    return (
        f'{_XML}<PluginVersionManifest xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<Plugins /></PluginVersionManifest>\n"
    )


def certificate_file(data: str) -> str:
    """The envelope of the certificates; ``data`` is base64."""
    return f"""{_XML}<CertificateFile {_SCHEMA}"certificates10.xsd">
  <Version>2012-11-30</Version>
  <Incarnation>{INCARNATION}</Incarnation>
  <Format>Pkcs7BlobWithPfxContents</Format>
  <Data>{data}</Data>
</CertificateFile>
"""
