from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.intent import Intent, OsState, ResourceSwap
from bootworthy.model.steps import EnableUnits, InstallPackages, SetKeys
from bootworthy.rules.agent.agent_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, subject

GONE: dict[str, Entry | None] = {
    "/usr/sbin/waagent": None,
    "/etc/waagent.conf": None,
    "/usr/lib/systemd/system/walinuxagent.service": None,
}


def test_the_agent_is_there() -> None:
    assert findings(check, subject(healthy())) == ()
    oem = healthy({"/usr/sbin/waagent": None, "/usr/share/oem/bin/waagent": "#!/bin/sh\n"})
    assert findings(check, subject(oem)) == ()


def test_it_is_installed_told_and_enabled() -> None:
    found = finding(check, subject(healthy(GONE)))

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert found.fix.title == "install waagent"
    assert found.fix.steps == (
        InstallPackages(packages=("waagent",)),
        SetKeys(
            path="/etc/waagent.conf",
            settings=(
                ("Provisioning.Agent", "cloud-init"),
                ("ResourceDisk.Format", "n"),
                ("ResourceDisk.EnableSwap", "n"),
            ),
        ),
        EnableUnits(units=("walinuxagent.service",)),
    )


@pytest.mark.parametrize(
    ("intent", "settings"),
    [
        (
            Intent(os_state=OsState.SPECIALIZED, resource_swap=ResourceSwap.NONE),
            {
                "Provisioning.Agent": "disabled",
                "ResourceDisk.Format": "n",
                "ResourceDisk.EnableSwap": "n",
            },
        ),
        (
            Intent(resource_swap=ResourceSwap.AGENT),
            {
                "Provisioning.Agent": "cloud-init",
                "ResourceDisk.Format": "y",
                "ResourceDisk.Filesystem": "ext4",
                "ResourceDisk.MountPoint": "/mnt/resource",
                "ResourceDisk.EnableSwap": "y",
                "ResourceDisk.SwapSizeMB": "2048",
            },
        ),
    ],
)
def test_what_it_is_told_follows_the_intent(intent: Intent, settings: dict[str, str]) -> None:
    found = finding(check, subject(healthy(GONE), intent=intent))
    assert found.fix is not None
    step = found.fix.steps[1]
    assert isinstance(step, SetKeys)
    assert dict(step.settings) == settings


def test_another_distribution() -> None:
    found = finding(check, subject(healthy({**GONE, "/etc/os-release": "ID=void\n"})))
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
    assert found.fix.title == "install: Azure Linux agent, by this distribution's own means"
