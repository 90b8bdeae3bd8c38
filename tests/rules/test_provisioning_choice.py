"""``--provisioning``: which of the two programs an image is to have, and who does the work."""

from __future__ import annotations

from bootworthy.model.intent import Intent, OsState, Provisioning
from bootworthy.model.steps import InstallPackages, SetKeys
from bootworthy.rules.agent import (
    agent_missing,
    no_provisioning_agent,
    provisioning_incoherent,
    settings,
)
from bootworthy.rules.cloud_init import cloud_init_missing, units_not_enabled
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

BY_AGENT = Intent(provisioning=Provisioning.AGENT)
BY_CLOUD_INIT = Intent(provisioning=Provisioning.CLOUD_INIT)
NO_AGENT = {"/usr/sbin/waagent": None, "/etc/waagent.conf": None}
NO_CLOUD_INIT = {"/usr/bin/cloud-init": None}


def test_without_the_agent_it_is_not_missed() -> None:
    files = healthy(NO_AGENT)

    assert not_applicable(agent_missing.check, subject(files, intent=BY_CLOUD_INIT))
    assert len(findings(agent_missing.check, subject(files))) == 1
    assert findings(no_provisioning_agent.check, subject(files, intent=BY_CLOUD_INIT)) == ()


def test_without_cloud_init_it_is_not_missed_and_the_agent_is_told_to_provision() -> None:
    bare = subject(healthy(NO_CLOUD_INIT), intent=BY_AGENT)
    found = finding(provisioning_incoherent.check, bare)

    assert not_applicable(cloud_init_missing.check, bare)
    assert found.expected == "Provisioning.Agent=waagent"
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, SetKeys)
    assert step.settings == (("Provisioning.Agent", "waagent"),)


def test_the_agent_alone_asks_nothing_of_a_cloud_init_that_is_there() -> None:
    there = subject(healthy(), intent=BY_AGENT)

    assert not_applicable(units_not_enabled.check, there)
    assert finding(provisioning_incoherent.check, there).fix is not None


def test_what_is_installed_where_there_is_nothing() -> None:
    bare = healthy({**NO_AGENT, **NO_CLOUD_INIT})
    fixes = [
        finding(no_provisioning_agent.check, subject(bare, intent=intent)).fix
        for intent in (Intent(), BY_AGENT)
    ]

    steps = [fix.steps[0] for fix in fixes if fix]
    assert steps == [InstallPackages(packages=(name,)) for name in ("cloud-init", "waagent")]


def test_a_specialized_image_is_provisioned_by_nobody() -> None:
    moved = Intent(provisioning=Provisioning.AGENT, os_state=OsState.SPECIALIZED)
    assert settings.provisioning(moved) == ("Provisioning.Agent", "disabled")
    assert settings.provisioning(Intent()) == ("Provisioning.Agent", "cloud-init")
    assert settings.provisioning(BY_AGENT) == ("Provisioning.Agent", "waagent")
