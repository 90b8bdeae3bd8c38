"""ovf-env.xml: what the deployment wants, on the provisioning medium."""

from __future__ import annotations

import base64
from xml.sax.saxutils import escape

from bootworthy.rehearsal.scenario import Scenario


def ovf_environment(scenario: Scenario) -> bytes:
    """The document, in the words that cloud-init's OvfEnvXml and the agent's OvfEnv look for."""
    user = escape(scenario.user_name)
    keys = "".join(_public_key(user, key) for key in scenario.ssh_public_keys)
    password, custom_data = "", ""
    if scenario.password is not None:
        password = f"\n      <UserPassword>{escape(scenario.password)}</UserPassword>"
    if scenario.custom_data is not None:
        encoded = base64.b64encode(scenario.custom_data).decode()
        custom_data = f"\n      <CustomData>{encoded}</CustomData>"
    ssh = f"<SSH><PublicKeys>{keys}\n      </PublicKeys></SSH>" if keys else "<SSH />"
    no_password = str(scenario.disable_password_authentication).lower()
    agent = str(scenario.provision_guest_agent).lower()
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"
  xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"
  xmlns:wa="http://schemas.microsoft.com/windowsazure"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <wa:ProvisioningSection>
    <wa:Version>1.0</wa:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure"
      xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
      <HostName>{escape(scenario.host_name)}</HostName>
      <UserName>{user}</UserName>{password}{custom_data}
      <DisableSshPasswordAuthentication>{no_password}</DisableSshPasswordAuthentication>
      {ssh}
    </LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
  <wa:PlatformSettingsSection>
    <wa:Version>1.0</wa:Version>
    <PlatformSettings xmlns="http://schemas.microsoft.com/windowsazure"
      xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
      <KmsServerHostname>azkms.core.windows.net</KmsServerHostname>
      <ProvisionGuestAgent>{agent}</ProvisionGuestAgent>
      <GuestAgentPackageName i:nil="true" />
      <RetainWindowsPEPassInUnattend>true</RetainWindowsPEPassInUnattend>
      <RetainOfflineServicingPassInUnattend>true</RetainOfflineServicingPassInUnattend>
      <PreprovisionedVm>false</PreprovisionedVm>
      <EnableTrustedImageIdentifier>false</EnableTrustedImageIdentifier>
    </PlatformSettings>
  </wa:PlatformSettingsSection>
</Environment>
""".encode()


def _public_key(user: str, key: str) -> str:
    return f"""
        <PublicKey>
          <Path>/home/{user}/.ssh/authorized_keys</Path>
          <Value>{escape(key)}</Value>
        </PublicKey>"""
