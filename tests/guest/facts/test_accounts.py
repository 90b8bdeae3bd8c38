"""Accounts are those of passwd(5), passwords those of shadow(5)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.facts.accounts import Password, read
from bootworthy.model.errors import GuestError
from tests.guest.memory import MemoryTree

ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash
bob:x:1001:1001::/home/bob:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
old:aaBBccDDeeFFg:1002:1002::/home/old:/bin/sh
+::::::
"""
HASHES = """\
root:!:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
ann:$y$j9T$salt$hash:19000:0:99999:7:::
bob::19000:0:99999:7:::
"""


def tree(**files: str | bytes) -> MemoryTree:
    paths = {"accounts": "/etc/passwd", "hashes": "/etc/shadow", "login_defs": "/etc/login.defs"}
    return MemoryTree({paths[name]: text for name, text in files.items()})


def test_accounts() -> None:
    accounts = read(tree(accounts=ACCOUNTS, hashes=HASHES))

    ann = accounts.named("ann")
    assert ann is not None
    assert (ann.uid, ann.gid, ann.home, ann.shell) == (1000, 1000, "/home/ann", "/bin/bash")
    assert (ann.password, ann.line) == (Password.SET, 3)
    assert [account.name for account in accounts.people] == ["ann", "old"]
    assert (accounts.uid_min, accounts.uid_max) == (1000, 60000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("root", Password.LOCKED),
        ("daemon", Password.LOCKED),
        ("ann", Password.SET),
        ("bob", Password.EMPTY),
        ("nobody", Password.NONE),
        ("old", Password.SET),
    ],
)
def test_passwords(name: str, expected: Password) -> None:
    account = read(tree(accounts=ACCOUNTS, hashes=HASHES)).named(name)

    assert account is not None
    assert account.password is expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("!$6$salt$hash", Password.LOCKED),
        ("*LK*", Password.LOCKED),
        ("!!", Password.LOCKED),
        ("NP", Password.LOCKED),
        ("$6$salt$hash", Password.SET),
        ("$1$salt$hash", Password.SET),
        ("_J9..rasmBYk8r9AiWNc", Password.SET),
        ("", Password.EMPTY),
    ],
)
def test_password_fields(field: str, expected: Password) -> None:
    accounts = read(tree(accounts="a:x:1000:1000::/:/bin/sh\n", hashes=f"a:{field}:1::::::\n"))

    assert accounts.all[0].password is expected


def test_an_empty_field_in_passwd_needs_no_shadow() -> None:
    assert read(tree(accounts="a::1000:1000::/:/bin/sh\n")).all[0].password is Password.EMPTY


def test_the_range_of_people_comes_from_login_defs() -> None:
    accounts = read(
        tree(accounts=ACCOUNTS, login_defs="# x\nUID_MIN\t\t  500\nUID_MAX 1000\nUMASK 022\n")
    )

    assert (accounts.uid_min, accounts.uid_max) == (500, 1000)
    assert [account.name for account in accounts.people] == ["ann"]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"accounts": ""},
        {"accounts": b"\x7fELF\0\0\0"},
        {"accounts": "<html>\n"},
        {"accounts": "a:x:1000\n"},
        {"accounts": "a:x:u:g:::\n"},
        {"accounts": ACCOUNTS, "hashes": b"root:\0\n"},
    ],
)
def test_other_files_are_corrupt(files: dict[str, str | bytes]) -> None:
    with pytest.raises(GuestError) as raised:
        read(tree(**files))

    assert raised.value.code == "guest-file-corrupt"


@settings(deadline=None)
@given(st.text(alphabet="a:x0129\n+-!*$/\r\x85", max_size=80))
def test_any_text_yields_accounts_or_is_corrupt(text: str) -> None:
    accounts = read(tree(accounts=ACCOUNTS + text, hashes=text))

    assert accounts.all[0].name == "root"
    assert all(
        account.line <= ACCOUNTS.count("\n") + text.count("\n") + 1 for account in accounts.all
    )
