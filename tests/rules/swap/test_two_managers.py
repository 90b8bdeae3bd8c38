from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, ResourceSwap
from bootworthy.model.steps import SetKeys
from bootworthy.rules.swap.two_managers import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

CONFIG = "/etc/waagent.conf"
MODULE = "/usr/lib/python3/dist-packages/azurelinuxagent/daemon/resourcedisk/default.py"
HANDS_OFF = SetKeys(
    path=CONFIG, settings=(("ResourceDisk.Format", "n"), ("ResourceDisk.EnableSwap", "n"))
)


def told(text: str, **changes: Entry | None) -> dict[str, Entry]:
    return healthy({CONFIG: f"Provisioning.Agent=cloud-init\n{text}", **changes})


@pytest.mark.parametrize(
    "text", ["", "ResourceDisk.Format=n\n", "#ResourceDisk.Format=y\n", "ResourceDisk.Format=x\n"]
)
def test_the_agent_leaves_the_disk_alone(text: str) -> None:
    assert findings(check, subject(told(text))) == ()


@pytest.mark.parametrize("swap", [ResourceSwap.CLOUD_INIT, ResourceSwap.NONE])
@pytest.mark.parametrize("key", ["ResourceDisk.Format", "ResourceDisk.EnableSwap"])
def test_both_look_after_it(key: str, swap: ResourceSwap) -> None:
    found = finding(check, subject(told(f"{key}=y # yes\n"), intent=Intent(resource_swap=swap)))

    assert found.severity is Severity.WARNING
    assert str(found.place) == f"{CONFIG}:2"
    assert found.found == f"{key}=y"
    assert found.expected == f"{key}=n"
    assert found.fix is not None
    assert found.fix.steps == (HANDS_OFF,)


def test_both_keys_are_one_finding() -> None:
    text = "ResourceDisk.Format=y\nResourceDisk.EnableSwap=y\n"
    assert finding(check, subject(told(text))).found == "ResourceDisk.Format=y"


def test_debians_agent_leaves_it_alone_anyway() -> None:
    files = told("ResourceDisk.Format=y\n", **{MODULE: "if cloud_init_is_enabled():\n"})
    assert finding(check, subject(files)).severity is Severity.NOTE


def test_the_agent_is_to_look_after_it() -> None:
    intent = Intent(resource_swap=ResourceSwap.AGENT)
    assert findings(check, subject(told("ResourceDisk.Format=y\n"), intent=intent)) == ()


def test_there_is_only_one_of_them() -> None:
    files = told("ResourceDisk.Format=y\n", **{"/usr/bin/cloud-init": None})
    assert findings(check, subject(files)) == ()
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None})))
