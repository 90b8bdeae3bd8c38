"""A directory that only root may write is open to others."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATHS = ("/", "/etc", "/etc/ssh", "/home", "/root", "/usr", "/usr/bin", "/usr/sbin", "/var")
_OTHERS_WRITE = 0o002
_STICKY = 0o1000


@rule(
    code="SEC-09",
    name="critical-path-writable",
    severity=Severity.WARNING,
    why="sshd and sudo refuse to work below directories that others may write, and rightly so.",
    when=(has_guest,),
    sources=("https://man.openbsd.org/sshd_config#StrictModes", sources.PROVISIONING_ERRORS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The directories of the system belong to root, and others may not write them."""
    tree = subject.linux.tree
    for path in filter(tree.is_dir, _PATHS):
        status = tree.status(path)
        loose = bool(status.mode & _OTHERS_WRITE) and not status.mode & _STICKY
        if status.uid != 0 or loose:
            yield Violation(
                message=f"{path} is not root's alone to write",
                place=Place(path),
                found=f"owner {status.uid}, mode {status.mode & 0o7777:o}",
                expected="owner 0, no write for others",
                fix=by_hand(f"chown root {path}; chmod o-w {path}"),
            )
