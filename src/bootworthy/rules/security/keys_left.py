"""Keys and known hosts of earlier users are in the image."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from bootworthy.guest.facts.accounts import Account
from bootworthy.guest.tree import Kind
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.cleanup.leftovers import shorten
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# What a login or a cluster is entered with; each relative to a home directory.
_SECRETS = (
    ".ssh/authorized_keys",
    ".ssh/authorized_keys2",
    ".ssh/known_hosts*",
    ".ssh/id_*",
    ".aws/credentials",
    ".azure",
    ".kube/config",
    ".docker/config.json",
    ".netrc",
    ".git-credentials",
    ".gnupg",
    ".pgpass",
    ".my.cnf",
)


@rule(
    code="SEC-12",
    name="keys-left",
    severity=Severity.WARNING,
    why="Keys in an image open every machine made from it, or give away what they open.",
    when=(generalized, has_guest),
    article=(14,),
    sources=(sources.ARTICLE, sources.CERTIFICATION),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Neither root nor any person's home holds keys or credentials."""
    guest = subject.linux
    people = [account for account in guest.accounts.people if account.name != "root"]
    root = guest.accounts.named("root")
    for account in (*((root,) if root else ()), *people):
        home = escape(account.home.rstrip("/"))
        found = [path for name in _SECRETS for path in guest.tree.glob(f"{home}/{name}")]
        found = [path for path in found if not _is_empty(subject, path)]
        if found:
            yield Violation(
                message=f"keys or credentials of {account.name} are in the image",
                place=Place(found[0]),
                found=shorten(found),
                expected="none",
                fix=_fix(subject, account, tuple(found)),
            )


def _is_empty(subject: Subject, path: str) -> bool:
    status = subject.linux.tree.link_status(path)
    return status.kind is Kind.FILE and status.size == 0


def _fix(subject: Subject, account: Account, found: tuple[str, ...]) -> Fix:
    intent = subject.intent
    removed = intent.remove_all_users or account.name in intent.remove_users
    if account.name == "root" or removed:
        return Fix(title="remove them", steps=(RemovePaths(patterns=tuple(map(escape, found))),))
    return by_hand(f"prepare with --remove-user {account.name}, or remove them in the guest")
