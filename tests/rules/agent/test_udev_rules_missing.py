from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.rules.agent.udev_rules_missing import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

RULES = "/usr/lib/udev/rules.d/66-azure-storage.rules"


def test_the_agents_own_pass() -> None:
    assert findings(check, subject(healthy())) == ()


def test_those_of_azure_vm_utils_pass() -> None:
    files = healthy({RULES: None, "/usr/lib/udev/rules.d/80-azure-disk.rules": "x"})
    assert findings(check, subject(files)) == ()


def test_none() -> None:
    found = finding(check, subject(healthy({RULES: None})))
    assert (found.severity, found.place.path) == (Severity.WARNING, RULES)


def test_rules_that_are_hidden() -> None:
    hidden = {"/etc/udev/rules.d/66-azure-storage.rules": Link("/dev/null")}
    assert finding(check, subject(healthy(hidden)))
