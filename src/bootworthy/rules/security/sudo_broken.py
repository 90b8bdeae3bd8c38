"""sudo refuses to work because of its files' owners or modes."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_MAIN = ("/etc/sudoers", "/etc/sudoers.d/*")
_PROGRAM = "/usr/bin/sudo"
_SET_USER = 0o4000

# plugins/sudoers/sudoers.c: a file that its group or others may write, or that is not root's, is
# ignored or stops sudo altogether.
_OTHERS_WRITE = 0o002
_GROUP_WRITES = 0o020


@rule(
    code="SEC-08",
    name="sudo-broken",
    severity=Severity.WARNING,
    why="The user that Azure makes is not root: without a working sudo nobody can manage the "
    "machine.",
    when=(has_guest,),
    sources=("https://www.sudo.ws/docs/man/sudoers.man/", sources.AGENT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """sudo is there, runs as root, and its configuration is root's alone to write."""
    guest = subject.linux
    if not software.has_program(guest, "sudo"):
        yield Violation(
            message="sudo is not installed",
            place=Place(_PROGRAM),
            found="no such program",
            expected="sudo",
            fix=software.install(guest, Need.SUDO),
        )
    for path, problem in _problems(guest.tree):
        yield Violation(
            message=f"{path} {problem}",
            place=Place(path),
            found=problem,
            expected="root's, and no one else's to write",
            fix=by_hand(f"chown root:root {path}; chmod 0440 {path} (the program: 4755)"),
        )


def _problems(tree: Tree) -> Iterator[tuple[str, str]]:
    if tree.is_file(_PROGRAM) and not tree.status(_PROGRAM).mode & _SET_USER:
        yield _PROGRAM, "does not run as root"
    for path in (path for pattern in _MAIN for path in tree.glob(pattern)):
        status = tree.status(path) if tree.exists(path) else None
        if status is None or status.kind is not Kind.FILE:
            continue
        if status.uid != 0:
            yield path, f"belongs to user {status.uid}"
        elif status.mode & _OTHERS_WRITE or (status.mode & _GROUP_WRITES and status.gid != 0):
            yield path, "may be written by others"
