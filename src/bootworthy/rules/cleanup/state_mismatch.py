"""The image is called specialized and has no identity to keep."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, specialized
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CLEAN-01",
    name="state-mismatch",
    severity=Severity.WARNING,
    why="A specialized image is not provisioned: without an account of its own nobody gets in.",
    when=(specialized, has_guest),
    article=(57, 62),
    sources=(sources.ARTICLE, sources.PROVISIONING_ERRORS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Someone can log in: an account of a person, or keys of root."""
    guest = subject.linux
    keys = guest.tree.text_or("/root/.ssh/authorized_keys").strip()
    if not guest.accounts.people and not keys:
        yield Violation(
            message="nobody can log in to this specialized image",
            place=Place("/etc/passwd"),
            found="no account of a person and no key of root",
            expected="an account, or a generalized image",
            fix=by_hand("prepare without --specialized, or add an account first"),
        )
