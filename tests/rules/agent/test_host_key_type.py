from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    SetKeys,
)
from bootworthy.rules.agent.host_key_type import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def keys(types: str, told: str = "") -> dict[str, Entry | None]:
    return {
        "/etc/cloud/cloud.cfg.d/10-keys.cfg": f"ssh_genkeytypes: {types}\n",
        "/etc/waagent.conf": f"Provisioning.Agent=cloud-init\n{told}",
    }


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ("[rsa, ed25519]", ""),
        ("[rsa]", "Provisioning.SshHostKeyPairType=auto\n"),
        ("[ed25519]", "Provisioning.SshHostKeyPairType=ed25519\n"),
        ("[]", ""),
        ("nonsense", ""),
    ],
)
def test_a_type_that_is_made_passes(types: str, told: str) -> None:
    assert look(keys(types, told)) == ()


def test_the_default_of_cloud_init_makes_all() -> None:
    assert look({}) == ()


@pytest.mark.parametrize("told", ["", "Provisioning.SshHostKeyPairType=rsa\n"])
def test_the_agent_is_told_of_one_that_is_made(told: str) -> None:
    (found,) = look(keys("[ed25519, ecdsa]", told))

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    settings = (("Provisioning.SshHostKeyPairType", "ed25519"),)
    assert found.fix.steps == (SetKeys(path="/etc/waagent.conf", settings=settings),)
