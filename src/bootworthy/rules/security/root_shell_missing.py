"""root's login shell is not there."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="SEC-20",
    name="root-shell-missing",
    severity=Severity.WARNING,
    why="The rescue shell, the agent and cron run commands by root's shell.",
    when=(has_guest,),
    sources=(sources.AGENT_SOURCE, "https://man7.org/linux/man-pages/man5/passwd.5.html"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The program in root's line of passwd exists."""
    guest = subject.linux
    for number, line in enumerate(guest.tree.text_or("/etc/passwd").split("\n"), 1):
        fields = line.split(":")
        # passwd(5): an empty shell is /bin/sh.
        shell = fields[-1].strip() or "/bin/sh"
        if len(fields) == 7 and fields[2] == "0" and not guest.tree.exists(shell):  # noqa: PLR2004
            yield Violation(
                message=f"the shell of {fields[0]}, {shell}, is not there",
                place=Place("/etc/passwd", number),
                found=shell,
                expected="a shell that is installed",
                fix=by_hand(f"install {shell}, or give {fields[0]} another shell"),
            )
