from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import LockPasswords, RemoveAccounts
from bootworthy.rules.security.users_left import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

ROOT = "root:x:0:0:root:/root:/bin/bash\n"


def people(line: str, hashed: str = "$6$salt$hash") -> dict[str, Entry]:
    name = line.partition(":")[0]
    shadow = f"root:!*:19000:0:99999:7:::\n{name}:{hashed}:19000:0:99999:7:::\n"
    return healthy({"/etc/passwd": f"{ROOT}{line}\n", "/etc/shadow": shadow})


ALICE = "alice:x:1000:1000:Alice:/home/alice:/bin/bash"


def test_only_accounts_of_the_system() -> None:
    assert findings(check, subject(healthy())) == ()


def test_an_account_of_a_person() -> None:
    found = finding(check, subject(people(ALICE)))

    assert found.severity is Severity.WARNING
    assert found.message == "the account alice is in the image"
    assert str(found.place) == "/etc/passwd:2"
    assert found.found == "alice, uid 1000, shell /bin/bash, password set"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
    assert "--remove-user alice" in found.fix.title


@pytest.mark.parametrize(
    "intent", [Intent(remove_users=("bob", "alice")), Intent(remove_all_users=True)]
)
def test_it_is_removed_on_request(intent: Intent) -> None:
    found = finding(check, subject(people(ALICE), intent=intent))
    assert found.fix is not None
    assert found.fix.steps == (RemoveAccounts(accounts=("alice",)),)


def test_others_stay() -> None:
    found = finding(check, subject(people(ALICE), intent=Intent(remove_users=("bob",))))
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize("hashed", ["!", "*", "!$6$salt$hash"])
def test_a_locked_one_is_told_too(hashed: str) -> None:
    assert finding(check, subject(people(ALICE, hashed))).found.endswith("password locked")


def test_no_password_is_an_error() -> None:
    found = finding(check, subject(people(ALICE, "")))

    assert found.severity is Severity.ERROR
    assert found.message == "alice can log in without a password"


def test_an_account_of_the_system_without_a_password() -> None:
    found = finding(check, subject(people("backup:x:34:34::/var/backups:/bin/sh", "")))

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == (LockPasswords(accounts=("backup",)),)


@pytest.mark.parametrize(
    "line",
    [
        "backup:x:34:34::/var/backups:/usr/sbin/nologin",
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin",
        "carol:x:1001:1001::/home/carol:/bin/false",
    ],
)
def test_who_cannot_log_in_is_no_one(line: str) -> None:
    assert findings(check, subject(people(line, ""))) == ()


def test_a_specialized_image_keeps_its_accounts() -> None:
    specialized = Intent(os_state=OsState.SPECIALIZED, remove_all_users=True)
    assert not_applicable(check, subject(people(ALICE), intent=specialized))
