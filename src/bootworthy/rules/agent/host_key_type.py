"""The agent waits for an SSH host key that cloud-init does not make."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys
from bootworthy.rules import provisioning, sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "Provisioning.SshHostKeyPairType"
_TYPES = "ssh_genkeytypes"


@rule(
    code="AGT-10",
    name="host-key-type-unmade",
    severity=Severity.ERROR,
    why="The agent waits half an hour for the key and then reports that provisioning failed.",
    when=(with_agent,),
    sources=(f"{sources.AGENT_SOURCE}/blob/master/azurelinuxagent/pa/provision/cloudinit.py",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The type that waagent.conf names is one that cloud-init generates."""
    guest = subject.linux
    types = guest.cloud_init.config.get(_TYPES)
    if not isinstance(types, list) or not types or not provisioning.cloud_init_starts(guest):
        return
    told = (guest.agent.value(_KEY) or "rsa").lower()
    wanted = "rsa" if told == "auto" else told
    if wanted in types:
        return
    setting = guest.agent.settings.get(_KEY)
    config = guest.agent.config or CONFIG
    keys = SetKeys(path=config, settings=((_KEY, str(types[0])),))
    yield Violation(
        message=f"the agent waits for a host key of type {wanted}, which is not made",
        place=Place(config, setting.line if setting else None),
        found=f"{_TYPES}: {', '.join(map(str, types))}",
        expected=f"{_KEY}={types[0]}",
        fix=Fix(title=f"have the agent wait for {types[0]}", steps=(keys,)),
        related=(Place(guest.cloud_init.origin.get(_TYPES, "/etc/cloud/cloud.cfg")),),
    )
