"""Users and their passwords: passwd(5), shadow(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bootworthy.guest.plain_text import corrupt, read_configuration
from bootworthy.guest.tree import Tree

ACCOUNTS_FILE = "/etc/passwd"
HASHES_FILE = "/etc/shadow"

# 2**32 - 1, the largest user id there is, has ten digits.
_MAX_DIGITS = 10

# shadow-utils' own defaults when login.defs does not say (lib/getdef.c, libmisc/find_new_uid.c).
_UID_MIN = 1000
_UID_MAX = 60000

# crypt(5): every hash begins with a dollar sign or, for the oldest two methods, is one of these.
_HASH = re.compile(r"\$[^:]+|_[./0-9A-Za-z]{19}|[./0-9A-Za-z]{13}", re.ASCII)


class Password(StrEnum):
    """What an account's password field allows."""

    NONE = "no shadow entry"
    EMPTY = "empty: anyone may log in"
    LOCKED = "locked"
    SET = "set"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One line of passwd with its shadow entry; ``line`` is 1-based in /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    password: Password
    line: int

    @property
    def can_log_in(self) -> bool:
        """Whether the shell is one a person can use."""
        return not self.shell.endswith(("/nologin", "/false", "/sync", "/halt", "/shutdown"))


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """All accounts, and the range login.defs gives to people."""

    all: tuple[Account, ...]
    uid_min: int
    uid_max: int

    def named(self, name: str) -> Account | None:
        """The account of this name."""
        return next((account for account in self.all if account.name == name), None)

    @property
    def people(self) -> tuple[Account, ...]:
        """Accounts in the range of people (UID_MIN to UID_MAX) that have a login shell."""
        return tuple(a for a in self.all if self.uid_min <= a.uid <= self.uid_max and a.can_log_in)


def read(tree: Tree) -> Accounts:
    """The accounts of the guest.

    Raises:
        GuestError: ``guest-file-corrupt``, when /etc/passwd is missing or not a password file,
            or /etc/shadow is not text.
    """
    text = read_configuration(tree, ACCOUNTS_FILE)
    if text is None:
        raise corrupt(ACCOUNTS_FILE, 1, "the file is missing")
    hashes = _shadow(read_configuration(tree, HASHES_FILE) or "")
    accounts = tuple(_parse(text, hashes))
    if not accounts:
        raise corrupt(ACCOUNTS_FILE, 1, "no line is an account as passwd(5) has it")
    limits = _login_defs(read_configuration(tree, "/etc/login.defs") or "")
    return Accounts(
        all=accounts,
        uid_min=limits.get("UID_MIN", _UID_MIN),
        uid_max=limits.get("UID_MAX", _UID_MAX),
    )


def _parse(text: str, hashes: Mapping[str, str]) -> Iterator[Account]:
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split(":")
        # Lines of NIS (+::::::) and damaged ones are not accounts; glibc skips them too.
        if len(fields) != 7 or not fields[0] or fields[0][0] in "+-#":  # noqa: PLR2004 - passwd(5)
            continue
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is None or gid is None:
            continue
        yield Account(
            name=fields[0],
            uid=uid,
            gid=gid,
            home=fields[5],
            shell=fields[6],
            password=_password(fields[1], hashes.get(fields[0])),
            line=number,
        )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None


def _shadow(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, rest = line.partition(":")
        if colon:
            found.setdefault(name, rest.partition(":")[0])
    return found


def _password(field: str, shadowed: str | None) -> Password:
    # passwd(5): only an x sends to the shadow file.
    word = shadowed if field == "x" else field
    if word is None:
        return Password.NONE
    if not word:
        return Password.EMPTY
    return Password.SET if _HASH.fullmatch(word) else Password.LOCKED


def _login_defs(text: str) -> Mapping[str, int]:
    words = (line.split() for line in text.split("\n"))
    pairs = ((found[0], _number(found[1])) for found in words if len(found) > 1)
    return {name: value for name, value in pairs if value is not None}
