"""The agent is older than Azure supports and does not update itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG, Agent
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import NotCheckedError, rule
from bootworthy.rules.subject import Subject

# LISA, verify_waagent_version; Microsoft's page on minimum agent versions names the same.
_MINIMUM = (2, 2, 53, 1)

# The second replaced the first in agent 2.9; both are on unless they say otherwise.
_SWITCHES = ("AutoUpdate.Enabled", "AutoUpdate.UpdateToLatestVersion")


@rule(
    code="AGT-03",
    name="agent-outdated",
    severity=Severity.WARNING,
    why="Azure refuses to manage a machine whose agent is below the minimum version.",
    when=(with_agent,),
    article=(34,),
    sources=(sources.ARTICLE, sources.MINIMUM_AGENT, sources.LISA),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The installed agent is 2.2.53.1 or later, or updates itself."""
    agent = subject.linux.agent
    if not agent.version:
        raise NotCheckedError("the agent's version is not known")
    version = tuple(int(part[:9]) for part in re.findall(r"[0-9]+", agent.version)[:4])
    off = [name for name in _SWITCHES if not agent.is_on(name, default=True)]
    if version < _MINIMUM and off:
        yield Violation(
            message=f"agent {agent.version} is too old and does not update itself",
            place=Place(agent.config or CONFIG, agent.settings[off[0]].line),
            found=f"{agent.version}, {off[0]}=n",
            expected="2.2.53.1 or later, or AutoUpdate on",
            fix=_fix(agent, off),
        )


def _fix(agent: Agent, off: list[str]) -> Fix:
    settings = tuple((name, "y") for name in off)
    step = SetKeys(path=agent.config or CONFIG, settings=settings)
    return Fix(title="let the agent update itself", steps=(step,))
