"""The agent's Python interpreter is missing or too old."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.agent import interpreter
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_MINIMUM = (2, 6)


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
    agent = subject.linux.agent
    if not agent.interpreter:
        return
    path = interpreter.find(subject.linux)
    if path is None or _is_too_old(path):
        state = "is missing" if path is None else "is too old"
        yield Violation(
            message=f"the agent cannot start: its interpreter {agent.interpreter} {state}",
            place=Place(agent.program or "/usr/sbin/waagent", 1),
            found=path or f"no {agent.interpreter}",
            expected="Python 2.6 or later",
            fix=by_hand("install the Python that the agent's package asks for"),
        )


def _is_too_old(path: str) -> bool:
    """Whether the name says so; one without a minor version may be any of its major's."""
    version = interpreter.version(path)
    return bool(version) and version < _MINIMUM[: len(version)]
