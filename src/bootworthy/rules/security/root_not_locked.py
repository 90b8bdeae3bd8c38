"""root has a password."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.accounts import Password
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import LockPasswords
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="SEC-05",
    name="root-not-locked",
    severity=Severity.WARNING,
    why="Every machine made from the image would have the same root password.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.AGENT_SOURCE, sources.CERTIFICATION),
)
def check(subject: Subject) -> Iterator[Violation]:
    """root's password field lets no password in."""
    root = subject.linux.accounts.named("root")
    if root and root.password not in (Password.LOCKED, Password.NONE):
        yield Violation(
            message="root can log in with a password",
            place=Place("/etc/shadow", within="root"),
            found=f"password {root.password.value}",
            expected="locked",
            fix=Fix(title="lock root's password", steps=(LockPasswords(accounts=("root",)),)),
            severity=Severity.ERROR if root.password is Password.EMPTY else None,
        )
