"""The agent is told to run no extensions."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "Extensions.Enabled"


@rule(
    code="AGT-11",
    name="extensions-disabled",
    severity=Severity.WARNING,
    why="Password reset, backup, monitoring and scripts from the portal all are extensions.",
    when=(with_agent,),
    sources=(sources.AGENT_SOURCE, sources.AGENT_OVERVIEW),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Extensions.Enabled is y, which is the default."""
    agent = subject.linux.agent
    if not agent.is_on(_KEY, default=True):
        setting = agent.settings.get(_KEY)
        config = agent.config or CONFIG
        yield Violation(
            message="the agent runs no extensions",
            place=Place(config, setting.line if setting else None),
            found=f"{_KEY}=n",
            expected=f"{_KEY}=y",
            fix=Fix(title=f"set {_KEY}=y", steps=(SetKeys(path=config, settings=((_KEY, "y"),)),)),
        )
