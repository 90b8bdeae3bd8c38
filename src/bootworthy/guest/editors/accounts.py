"""Accounts locked and removed with everything that is theirs, as userdel(8) would and more."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from bootworthy.guest.editors import sudoers
from bootworthy.guest.editors.homes import home_of
from bootworthy.guest.facts.accounts import (
    ACCOUNTS_FILE,
    HASHES_FILE,
    Account,
    Accounts,
    Password,
    read,
)
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import WritableTree
from bootworthy.model.errors import UsageError

# No hash is kept: what is only prefixed with ``!`` can be unlocked, or guessed from the image.
_LOCKED = "!*"

# Names useradd accepts (shadow-utils, lib/chkname.c) and those of directory services; they become
# file names below.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?", re.ASCII)

# Tables whose lines begin with an account's name, the one that makes the account last.
_TABLES = ("/etc/subuid", "/etc/subgid", HASHES_FILE, ACCOUNTS_FILE)
# Tables of groups with the fields that list accounts: group(5), gshadow(5).
_GROUPS = {"/etc/group": (3,), "/etc/gshadow": (2, 3)}

# shadow(5), group(5): the tools keep the state before the last change under this name.
_BACKUP = "-"

# Files named after an account: mail, crontabs (Debian, Red Hat, SUSE), what starts at boot
# (loginctl enable-linger), what the login screen and sudo remember.
_FILES = (
    "/var/mail/{}",
    "/var/spool/mail/{}",
    "/var/spool/cron/crontabs/{}",
    "/var/spool/cron/tabs/{}",
    "/var/spool/cron/{}",
    "/var/lib/systemd/linger/{}",
    "/var/lib/AccountsService/users/{}",
    "/var/lib/AccountsService/icons/{}",
    "/var/lib/sudo/lectured/{}",
    "/var/db/sudo/lectured/{}",
    "/etc/ssh/authorized_keys/{}",
    "/etc/ssh/authorized_keys.d/{}",
)


def lock_password(tree: WritableTree, name: str) -> None:
    """Make an account refuse every password; one that does already stays as it is.

    Raises:
        GuestError: ``guest-file-corrupt``, when there is no readable /etc/passwd.
    """
    account = read(tree).named(name)
    if account is None or account.password in (Password.LOCKED, Password.NONE):
        return
    for path in (ACCOUNTS_FILE, HASHES_FILE):
        _rewrite(tree, path, lambda line: _locked(line, name))


def remove_account(tree: WritableTree, name: str) -> None:
    """Delete an account with home, mail, crontab, groups, subordinate ids and sudo rules.

    An account that is not there is no error. The home goes when it is below /home, or elsewhere
    when all in it belongs to the account.

    Raises:
        UsageError: ``account-protected``, when it is not one of a person.
        GuestError: ``guest-file-corrupt``, when there is no readable /etc/passwd.
    """
    accounts = read(tree)
    account = accounts.named(name)
    if account is None:
        return
    _refuse_protected(account, accounts)
    _remove_files(tree, account, accounts)
    own_group = _own_group(tree, account, accounts)
    _remove_sudo_rules(tree, {name, f"%{own_group}"} if own_group else {name})
    for path, fields in _GROUPS.items():
        _rewrite(tree, path, partial(_without_member, name=name, own=own_group, lists=fields))
    for path in _TABLES:
        _rewrite(tree, path, lambda line: None if _first_field(line) == name else line)


def _refuse_protected(account: Account, accounts: Accounts) -> None:
    in_range = accounts.uid_min <= account.uid <= accounts.uid_max
    if account.uid == 0 or not in_range or not _NAME.fullmatch(account.name):
        raise UsageError(
            "account-protected",
            f"{account.name!r} (uid {account.uid}) is an account of the system and stays",
            hint=f"accounts of people have uids from {accounts.uid_min} to {accounts.uid_max}",
        )


def _remove_files(tree: WritableTree, account: Account, accounts: Accounts) -> None:
    home = home_of(tree, account, accounts)
    if home is not None:
        tree.remove(home)
        if tree.is_link(account.home):
            tree.remove(account.home)
    for pattern in _FILES:
        path = pattern.format(account.name)
        if tree.is_link(path) or tree.is_file(path):
            tree.remove(path)


def _remove_sudo_rules(tree: WritableTree, users: set[str]) -> None:
    for path in ("/etc/sudoers", *tree.glob("/etc/sudoers.d/*")):
        old = read_configuration(tree, path) or ""
        new = sudoers.without_users(old, users, path=path)
        if new == old:
            continue
        if path != "/etc/sudoers" and not sudoers.has_rules(new):
            tree.remove(path)
        else:
            tree.write_text(path, new)


def _own_group(tree: WritableTree, account: Account, accounts: Accounts) -> str:
    """The group that goes with the account: its name, its gid, and nobody else in it."""
    for line in (read_configuration(tree, "/etc/group") or "").split("\n"):
        fields = line.split(":")
        if len(fields) < 4 or fields[0] != account.name:  # noqa: PLR2004 - group(5)
            continue
        members = set(filter(None, fields[3].split(","))) - {account.name}
        users = [a for a in accounts.all if str(a.gid) == fields[2] and a.name != account.name]
        if fields[2] == str(account.gid) and not members and not users:
            return fields[0]
    return ""


def _without_member(line: str, *, name: str, own: str, lists: tuple[int, ...]) -> str | None:
    """A line of group or gshadow without the account; None for the account's own group."""
    fields = line.split(":")
    if own and fields[0] == own:
        return None
    for index in lists:
        members = fields[index].split(",") if index < len(fields) else []
        if name in members:
            fields[index] = ",".join(member for member in members if member != name)
    return ":".join(fields)


def _locked(line: str, name: str) -> str:
    fields = line.split(":")
    # passwd(5): an x sends to the shadow file, where the real field is.
    if fields[0] == name and len(fields) > 1 and fields[1] != "x":
        fields[1] = _LOCKED
    return ":".join(fields)


def _rewrite(tree: WritableTree, path: str, change: Callable[[str], str | None]) -> None:
    """Change every line of a table and of its backup; None takes a line out."""
    for file in (path + _BACKUP, path):
        old = read_configuration(tree, file)
        if old is None:
            continue
        lines = (change(line) if line else line for line in old.split("\n"))
        new = "\n".join(line for line in lines if line is not None)
        if new != old:
            tree.write_text(file, new)


def _first_field(line: str) -> str:
    return line.partition(":")[0]
