from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.rules.cleanup.state_mismatch import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

SPECIALIZED = Intent(os_state=OsState.SPECIALIZED)
ROOT = "root:x:0:0:root:/root:/bin/bash\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"/etc/passwd": f"{ROOT}alice:x:1000:1000::/home/alice:/bin/bash\n"},
        {"/root/.ssh/authorized_keys": "ssh-rsa AAAA root@old\n"},
    ],
)
def test_someone_can_log_in(changes: dict[str, Entry]) -> None:
    assert findings(check, subject(healthy(changes), intent=SPECIALIZED)) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"/root/.ssh/authorized_keys": "\n"},
        {"/etc/passwd": f"{ROOT}carol:x:1000:1000::/home/carol:/usr/sbin/nologin\n"},
    ],
)
def test_nobody_can_log_in(changes: dict[str, Entry]) -> None:
    found = finding(check, subject(healthy(changes), intent=SPECIALIZED))

    assert found.severity is Severity.WARNING
    assert found.message == "nobody can log in to this specialized image"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_generalized_image_gets_its_account_on_azure() -> None:
    assert not_applicable(check, subject(healthy()))
