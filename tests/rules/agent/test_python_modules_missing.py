from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.agent.python_modules_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

PACKAGES = "/usr/lib/python3/dist-packages"
DISTRO = f"{PACKAGES}/distro"
NO_CLOUD_INIT: dict[str, Entry | None] = {"/usr/bin/cloud-init": None}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {DISTRO: None, f"{PACKAGES}/distro.py": ""},
        {DISTRO: None, "/usr/lib64/python3.9/site-packages/distro/__init__.py": ""},
    ],
)
def test_distro_is_there(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(changes))) == ()


def test_distro_is_missing() -> None:
    found = finding(check, subject(healthy({DISTRO: None})))

    assert found.severity is Severity.WARNING
    assert found.place.path == PACKAGES
    assert found.expected == "the Python module distro"


def test_then_the_agent_cannot_provision() -> None:
    files = healthy({DISTRO: None, **NO_CLOUD_INIT})
    assert finding(check, subject(files)).severity is Severity.ERROR


@pytest.mark.parametrize(
    "changes",
    [
        {"/usr/bin/python3.11": None, "/usr/bin/python3": "elf", "/usr/lib/python3.9/x": ""},
        {"/usr/sbin/waagent": "#!/usr/bin/env nothing\n"},
    ],
)
def test_a_python_of_no_known_version_is_taken_for_new(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy({DISTRO: None, **changes})))


def test_older_pythons_know_the_distribution_themselves() -> None:
    files = healthy(
        {
            DISTRO: None,
            "/usr/sbin/waagent": "#!/usr/libexec/platform-python3.6\n",
            "/usr/libexec/platform-python3.6": "elf",
        }
    )
    assert findings(check, subject(files)) == ()

    old = "/usr/lib/python2.7/site-packages/azurelinuxagent/common/version.py"
    files = healthy(
        {
            DISTRO: None,
            f"{PACKAGES}/azurelinuxagent": None,
            old: "AGENT_VERSION = '2.2.53.1'\n",
            "/usr/bin/python2.7": "elf",
            "/usr/sbin/waagent": "#!/usr/bin/python2.7\n",
        }
    )
    assert findings(check, subject(files)) == ()


def test_no_agent() -> None:
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None})))
