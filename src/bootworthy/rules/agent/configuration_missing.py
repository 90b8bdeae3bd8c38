"""The agent has no configuration."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="AGT-18",
    name="agent-configuration-missing",
    severity=Severity.WARNING,
    why="The agent does not start without its file of settings.",
    when=(with_agent,),
    sources=(f"{sources.AGENT_SOURCE}/blob/master/azurelinuxagent/agent.py",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """waagent.conf is there."""
    if subject.linux.agent.config is None:
        yield Violation(
            message="the agent has no waagent.conf",
            place=Place(CONFIG),
            found="no such file",
            expected="the file that the agent's package brings",
            fix=by_hand("install the agent's package again"),
        )
