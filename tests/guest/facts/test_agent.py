"""The agent's configuration is read as the agent's own conf.py reads it."""

from __future__ import annotations

import pytest

from bootworthy.guest.facts.agent import AgentSetting, parse, read
from bootworthy.model.errors import GuestError
from tests.guest.memory import MemoryTree

CONF = """\
# Microsoft Azure Linux Agent Configuration
Provisioning.Agent=auto
ResourceDisk.SwapSizeMB=2048    ## NOTE: Set this to your desired size.
#OS.EnableFIPS=y
ResourceDisk.Format=y
ResourceDisk.Format=N
HttpProxy.Host=None
Logs.Verbose=maybe
Provisioning.Agent = "cloud-init"
"""
VERSION = "import os\n\nAGENT_NAME = 'WALinuxAgent'\nAGENT_VERSION = '2.7.3.0'\n"


def test_settings() -> None:
    settings = parse(CONF)

    assert settings["Provisioning.Agent"] == AgentSetting(
        key="Provisioning.Agent", value="cloud-init", line=9
    )
    assert settings["ResourceDisk.SwapSizeMB"].value == "2048"
    assert "OS.EnableFIPS" not in settings


def test_values_and_switches() -> None:
    agent = read(MemoryTree({"/etc/waagent.conf": CONF}))

    assert agent.value("Provisioning.Agent") == "cloud-init"
    assert agent.value("HttpProxy.Host") is None
    assert agent.value("None.Such") is None
    assert not agent.is_on("ResourceDisk.Format", default=True)
    assert agent.is_on("Logs.Verbose", default=True)
    assert agent.is_on("None.Such", default=True)
    assert not agent.is_on("None.Such")


def test_an_installed_agent() -> None:
    modules = "/usr/lib/python3/dist-packages"
    agent = read(
        MemoryTree(
            {
                "/etc/waagent.conf": CONF,
                "/usr/sbin/waagent": "#!/usr/bin/python3\nimport sys\n",
                f"{modules}/azurelinuxagent/common/version.py": VERSION,
            }
        )
    )

    assert agent.installed
    assert agent.program == "/usr/sbin/waagent"
    assert agent.config == "/etc/waagent.conf"
    assert agent.interpreter == "/usr/bin/python3"
    assert agent.modules_dir == modules
    assert agent.version == "2.7.3.0"


def test_a_guest_without_agent() -> None:
    agent = read(MemoryTree())

    assert not agent.installed
    assert (agent.config, agent.interpreter, agent.modules_dir, agent.version) == (None,) * 4
    assert agent.settings == {}


@pytest.mark.parametrize(
    ("first_line", "interpreter"),
    [
        ("#!/usr/bin/env python3", "python3"),
        ("#! /usr/bin/env -S python3 -u", "python3"),
        ("#!/usr/libexec/platform-python -Es", "/usr/libexec/platform-python"),
        ("#!", None),
        ("\x7fELF", None),
    ],
)
def test_interpreters(first_line: str, interpreter: str | None) -> None:
    agent = read(MemoryTree({"/usr/bin/waagent": first_line + "\n"}))

    assert agent.interpreter == interpreter


@pytest.mark.parametrize(
    "name", ["WALinuxAgent-2.9.1.1.dist-info", "WALinuxAgent-2.9.1.1-py3.9.egg-info"]
)
def test_the_version_can_come_from_package_metadata(name: str) -> None:
    modules = "/usr/lib/python3.9/site-packages"
    agent = read(
        MemoryTree({f"{modules}/azurelinuxagent/agent.py": "", f"{modules}/{name}/PKG-INFO": ""})
    )

    assert (agent.modules_dir, agent.version) == (modules, "2.9.1.1")


def test_a_damaged_configuration_is_corrupt() -> None:
    with pytest.raises(GuestError) as raised:
        read(MemoryTree({"/etc/waagent.conf": b"\0\0\0\0"}))

    assert raised.value.code == "guest-file-corrupt"
