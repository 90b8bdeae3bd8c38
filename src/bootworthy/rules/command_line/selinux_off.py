"""SELinux is configured and the command line switches it off."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import selinux
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_TOKENS = ("selinux=0", "enforcing=0")


@rule(
    code="CMD-24",
    name="selinux-off-at-boot",
    severity=Severity.WARNING,
    why="Files made meanwhile get no labels, and logins fail when SELinux is switched on again.",
    when=(with_entries,),
    sources=(sources.KERNEL_PARAMETERS,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where SELinux has a policy and is not disabled, no entry has selinux=0 or enforcing=0."""
    guest = subject.linux
    if not selinux.read(guest.tree).is_on:
        return
    for token in _TOKENS:
        having = [entry for entry in guest.boot_loader.entries if entry.has(token)]
        if having:
            yield violation(
                having,
                f"{token} overrides {selinux.CONFIG}",
                expected=f"no {token}, or SELINUX=disabled in {selinux.CONFIG}",
                fix=by_hand(f"take {token} out and relabel: touch {selinux.RELABEL_MARK}"),
            )
