"""The Azure Linux agent is not installed."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import software, sources
from bootworthy.rules.agent.settings import all_settings
from bootworthy.rules.conditions import agent_wanted, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="AGT-02",
    name="agent-missing",
    severity=Severity.WARNING,
    why="Extensions, password reset, backup and monitoring all come through the agent.",
    when=(agent_wanted, has_guest),
    article=(30, 47, 49),
    sources=(sources.ARTICLE, sources.AGENT_OVERVIEW),
)
def check(subject: Subject) -> Iterator[Violation]:
    """waagent is there."""
    guest = subject.linux
    if guest.agent.installed:
        return
    steps = (all_settings(subject.intent), software.enable(guest, Need.AGENT))
    yield Violation(
        message="the Azure Linux agent is not installed",
        place=Place("/usr/sbin/waagent"),
        found="no such file",
        expected="the agent, from this distribution's packages",
        fix=software.install(guest, Need.AGENT, *steps),
    )
