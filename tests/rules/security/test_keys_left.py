from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.security.keys_left import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

ACCOUNTS = (
    "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
)


def left(**files: Entry) -> dict[str, Entry]:
    return healthy({"/etc/passwd": ACCOUNTS, **files})


def test_no_keys() -> None:
    files = left(**{"/home/alice/.ssh/config": "Host *\n", "/usr/sbin/.netrc": "no home"})
    assert findings(check, subject(files)) == ()


def test_an_empty_file_is_none() -> None:
    files = left(**{"/root/.ssh/authorized_keys": "", "/home/alice/.netrc": ""})
    assert findings(check, subject(files)) == ()


def test_keys_of_root_are_removed() -> None:
    files = left(**{"/root/.ssh/authorized_keys": "ssh-rsa A\n", "/root/.ssh/known_hosts.old": "h"})

    found = finding(check, subject(files))

    assert found.message == "keys or credentials of root are in the image"
    assert found.place.path == "/root/.ssh/authorized_keys"
    assert found.fix is not None
    assert found.fix.steps == (
        RemovePaths(patterns=("/root/.ssh/authorized_keys", "/root/.ssh/known_hosts.old")),
    )


@pytest.mark.parametrize(
    "name",
    [".ssh/id_ed25519", ".aws/credentials", ".azure/accessTokens.json", ".gnupg/x", ".kube/config"],
)
def test_keys_of_a_person_are_left_to_a_person(name: str) -> None:
    found = finding(check, subject(left(**{f"/home/alice/{name}": "key"})))

    assert found.message == "keys or credentials of alice are in the image"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize("intent", [Intent(remove_users=("alice",)), Intent(remove_all_users=True)])
def test_they_go_with_the_account(intent: Intent) -> None:
    files = left(**{"/home/alice/.ssh/id_rsa": "key"})
    found = finding(check, subject(files, intent=intent))
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=("/home/alice/.ssh/id_rsa",)),)


def test_a_home_with_wildcards_is_only_that_home() -> None:
    accounts = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/srv/*:/bin/bash\n"
    files = healthy({"/etc/passwd": accounts, "/srv/bob/.netrc": "x", "/srv/*/.netrc": "y"})

    found = finding(check, subject(files, intent=Intent(remove_all_users=True)))

    assert found.found == "/srv/*/.netrc"
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=("/srv/[*]/.netrc",)),)


@pytest.mark.parametrize("home", ["", "/", "/nonexistent", "/dev/null/x"])
def test_strange_homes(home: str) -> None:
    accounts = f"root:x:0:0:root:{home}:/bin/bash\n"
    assert findings(check, subject(healthy({"/etc/passwd": accounts}))) == ()


def test_a_link_counts() -> None:
    files = left(**{"/root/.ssh/id_rsa": Link("/srv/keys/id_rsa")})
    assert finding(check, subject(files)).found == "/root/.ssh/id_rsa"


def test_many_are_counted() -> None:
    files = left(**{f"/root/.ssh/id_{number:02}": "key" for number in range(40)})
    assert finding(check, subject(files)).found.endswith(" and 35 more")


def test_a_specialized_image_keeps_them() -> None:
    files = left(**{"/root/.ssh/authorized_keys": "ssh-rsa A\n"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
