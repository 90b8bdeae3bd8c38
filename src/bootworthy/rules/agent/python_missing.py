"""The agent's Python interpreter is missing or too old."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_MINIMUM = (2, 6)
_FOLDERS = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/libexec")


@rule(
    code="AGT-06",
    name="agent-python-missing",
    severity=Severity.ERROR,
    why="The agent is a Python program and cannot start without its interpreter.",
    when=(with_agent,),
    article=(31,),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The interpreter that the agent's first line names is there, and is 2.6 or later."""
    guest = subject.linux
    interpreter = guest.agent.interpreter
    if not interpreter:
        return
    path = _find(guest, interpreter)
    if path is None or _version(path) < _MINIMUM:
        yield Violation(
            message=f"the agent cannot start: {interpreter} is missing or too old",
            place=Place(guest.agent.program or "/usr/sbin/waagent", 1),
            found=path or f"no {interpreter}",
            expected="Python 2.6 or later",
            fix=by_hand("install the Python that the agent's package asks for"),
        )


def _find(guest: Guest, interpreter: str) -> str | None:
    if interpreter.startswith("/"):
        return guest.tree.resolve(interpreter) if guest.tree.is_file(interpreter) else None
    paths = (f"{folder}/{interpreter}" for folder in _FOLDERS)
    return next((guest.tree.resolve(path) for path in paths if guest.tree.is_file(path)), None)


def _version(path: str) -> tuple[int, ...]:
    """The version in the interpreter's real name; new enough when it has none."""
    match = re.search(r"python(\d+)(?:\.(\d+))?$", path)
    if not match:
        return _MINIMUM
    return (int(match[1]), int(match[2] or 9))
