from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety
from bootworthy.model.intent import Intent, ResourceSwap
from bootworthy.model.steps import SetKeys, WriteFile
from bootworthy.rules.swap.agent_swap_unset import check
from bootworthy.rules.swap.resource_files import MOUNT
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

CONFIG = "/etc/waagent.conf"
MODULE = "/usr/lib/python3/dist-packages/azurelinuxagent/daemon/resourcedisk/default.py"
BY_AGENT = Intent(resource_swap=ResourceSwap.AGENT)
SETTINGS = (
    ("ResourceDisk.Format", "y"),
    ("ResourceDisk.Filesystem", "ext4"),
    ("ResourceDisk.MountPoint", "/mnt/resource"),
    ("ResourceDisk.EnableSwap", "y"),
    ("ResourceDisk.SwapSizeMB", "2048"),
)
ARTICLE = "".join(f"{key}={value}\n" for key, value in SETTINGS).replace(
    "2048", "2048    ## NOTE: Set this to your desired size."
)


def told(text: str, **changes: Entry | None) -> dict[str, Entry]:
    return healthy({CONFIG: text, **changes})


def test_the_articles_values() -> None:
    assert findings(check, subject(told(ARTICLE), intent=BY_AGENT)) == ()


def test_another_value() -> None:
    text = ARTICLE.replace("ext4", "btrfs").replace("EnableSwap=y", "EnableSwap=n")

    found = finding(check, subject(told(text), intent=BY_AGENT))

    assert found.place.path == CONFIG
    assert found.found == "ResourceDisk.Filesystem=btrfs, ResourceDisk.EnableSwap=n"
    assert found.expected == "ResourceDisk.Filesystem=ext4, ResourceDisk.EnableSwap=y"
    assert found.fix is not None
    assert found.fix.steps == (SetKeys(path=CONFIG, settings=SETTINGS),)


def test_cloud_init_would_mount_the_disk() -> None:
    found = finding(check, subject(told(ARTICLE, **{MOUNT.path: None}), intent=BY_AGENT))

    assert found.place.path == MOUNT.path
    assert found.found == "cloud-init mounts the disk"
    assert found.fix is not None
    assert found.fix.steps == (MOUNT,)


def test_nothing_is_set() -> None:
    found = finding(check, subject(told("# empty\n", **{MOUNT.path: None}), intent=BY_AGENT))

    assert found.found.startswith("ResourceDisk.Format=, ")
    assert found.fix is not None
    assert [type(step) for step in found.fix.steps] == [SetKeys, WriteFile]


def test_without_cloud_init_nobody_else_mounts() -> None:
    files = told(ARTICLE, **{MOUNT.path: None, "/usr/bin/cloud-init": None})
    assert findings(check, subject(files, intent=BY_AGENT)) == ()


def test_debians_agent_never_touches_the_disk() -> None:
    files = told("# empty\n", **{MODULE: "        if cloud_init_is_enabled():\n"})

    found = finding(check, subject(files, intent=BY_AGENT))

    assert found.found == "agent 2.9.1.1, changed by the distribution"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
    assert found.fix.title == "prepare with --resource-swap cloud-init"

    alone = told(ARTICLE, **{MODULE: "if cloud_init_is_enabled():\n", "/usr/bin/cloud-init": None})
    assert findings(check, subject(alone, intent=BY_AGENT)) == ()


@pytest.mark.parametrize("swap", [ResourceSwap.CLOUD_INIT, ResourceSwap.NONE])
def test_another_choice(swap: ResourceSwap) -> None:
    reason = not_applicable(check, subject(told(""), intent=Intent(resource_swap=swap)))
    assert reason == f"--resource-swap {swap.value}"


def test_no_agent() -> None:
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None}), intent=BY_AGENT))
