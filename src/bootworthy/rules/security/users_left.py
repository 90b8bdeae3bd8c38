"""Accounts of people from the old machine are in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.accounts import Account, Password
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import LockPasswords, RemoveAccounts
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="SEC-04",
    name="user-left",
    severity=Severity.WARNING,
    why="Whoever knows the old password can log in to every machine made from the image.",
    when=(generalized, has_guest),
    article=(14, 65),
    sources=(sources.ARTICLE, sources.CERTIFICATION, sources.LISA),
    deviation="waagent -deprovision+user deletes only the user that Azure made, so an installer's "
    "account survives the article's commands; it is named here and removed on request",
)
def check(subject: Subject) -> Iterator[Violation]:
    """No account that a person could log in with is left."""
    accounts = subject.linux.accounts
    people = {account.name for account in accounts.people}
    for account in accounts.all:
        if account.name in people:
            yield _violation(account, _fix(subject, account))
        elif account.password is Password.EMPTY and account.can_log_in and account.name != "root":
            lock = LockPasswords(accounts=(account.name,))
            yield _violation(account, Fix(title=f"lock {account.name}", steps=(lock,)))


def _violation(account: Account, fix: Fix) -> Violation:
    empty = account.password is Password.EMPTY
    return Violation(
        message=f"{account.name} can log in without a password"
        if empty
        else f"the account {account.name} is in the image",
        place=Place("/etc/passwd", account.line),
        found=f"{account.name}, uid {account.uid}, shell {account.shell}, "
        f"password {account.password.value}",
        expected="accounts made when a machine is provisioned",
        fix=fix,
        severity=Severity.ERROR if empty else None,
    )


def _fix(subject: Subject, account: Account) -> Fix:
    intent = subject.intent
    if intent.remove_all_users or account.name in intent.remove_users:
        return Fix(
            title=f"remove {account.name} with all that is its own",
            steps=(RemoveAccounts(accounts=(account.name,)),),
        )
    return by_hand(f"prepare with --remove-user {account.name} (or --remove-users for all)")
