"""The agent is told to use a proxy of the old network."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "HttpProxy.Host"


@rule(
    code="AGT-17",
    name="agent-proxy-left",
    severity=Severity.WARNING,
    why="Extensions are fetched through a proxy that the machine may not reach.",
    when=(with_agent,),
    sources=(sources.AGENT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """waagent.conf names no proxy."""
    agent = subject.linux.agent
    host = agent.value(_KEY)
    if host:
        setting = agent.settings.get(_KEY)
        yield Violation(
            message=f"the agent goes through the proxy {host}",
            place=Place(agent.config or CONFIG, setting.line if setting else None),
            found=f"{_KEY}={host}",
            expected=f"no {_KEY}",
            fix=by_hand(f"comment {_KEY} and HttpProxy.Port out, unless Azure's network has it"),
        )
