from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKeys
from bootworthy.rules.agent.agent_outdated import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, not_checked, subject

VERSION = "/usr/lib/python3/dist-packages/azurelinuxagent/common/version.py"
CONFIG = "/etc/waagent.conf"


def agent(version: str, config: str) -> dict[str, Entry]:
    return healthy({VERSION: f"AGENT_VERSION = '{version}'\n", CONFIG: config})


@pytest.mark.parametrize(
    ("version", "config"),
    [
        ("2.2.53.1", "AutoUpdate.Enabled=n\n"),
        ("2.7.3.0", "AutoUpdate.Enabled=n\n"),
        ("2.15.0.1", "AutoUpdate.UpdateToLatestVersion=n\n"),
        ("2.2.45", "AutoUpdate.Enabled=y\n"),
        ("2.2.45", "Logs.Verbose=n\n"),
        ("99999999999999999999.0", "AutoUpdate.Enabled=n\n"),
        ("9" * 6000, "AutoUpdate.Enabled=n\n"),
    ],
)
def test_new_enough_or_updated(version: str, config: str) -> None:
    assert findings(check, subject(agent(version, config))) == ()


def test_old_and_not_updated() -> None:
    found = finding(check, subject(agent("2.2.45", "Logs.Verbose=n\nAutoUpdate.Enabled=n\n")))

    assert found.severity is Severity.WARNING
    assert str(found.place) == f"{CONFIG}:2"
    assert found.found == "2.2.45, AutoUpdate.Enabled=n"
    assert found.fix is not None
    assert found.fix.steps == (SetKeys(path=CONFIG, settings=(("AutoUpdate.Enabled", "y"),)),)


def test_the_version_is_not_known() -> None:
    assert not_checked(check, subject(healthy({VERSION: None}))) == (
        "the agent's version is not known"
    )


def test_no_agent() -> None:
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None})))
