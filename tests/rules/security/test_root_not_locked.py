from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import LockPasswords
from bootworthy.rules.security.root_not_locked import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject


def root(hashed: str) -> dict[str, Entry]:
    return healthy({"/etc/shadow": f"root:{hashed}:19000:0:99999:7:::\n"})


@pytest.mark.parametrize("hashed", ["!", "*", "!*", "!$6$salt$hash", "*LK*"])
def test_a_locked_root(hashed: str) -> None:
    assert findings(check, subject(root(hashed))) == ()


def test_no_entry_and_no_root() -> None:
    assert findings(check, subject(healthy({"/etc/shadow": ""}))) == ()
    assert findings(check, subject(healthy({"/etc/passwd": "a:x:1:1::/:/bin/sh\n"}))) == ()


@pytest.mark.parametrize(
    ("hashed", "severity"),
    [("$y$j9T$salt$hash", Severity.WARNING), ("", Severity.ERROR)],
)
def test_root_has_a_password_or_needs_none(hashed: str, severity: Severity) -> None:
    found = finding(check, subject(root(hashed)))

    assert found.severity is severity
    assert str(found.place) == "/etc/shadow (root)"
    assert "hash" not in found.found
    assert found.fix is not None
    assert found.fix.steps == (LockPasswords(accounts=("root",)),)


def test_a_specialized_image_keeps_its_password() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED)
    assert not_applicable(check, subject(root("$6$salt$hash"), intent=specialized))
