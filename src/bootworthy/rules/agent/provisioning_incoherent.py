"""waagent.conf hands provisioning to someone who does not do it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import provisioning
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.provisioning import cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "Provisioning.Agent"


@rule(
    code="AGT-09",
    name="provisioning-agent-incoherent",
    severity=Severity.ERROR,
    why="The agent waits half an hour for a cloud-init that is not there, or both provision.",
    when=(with_agent,),
    article=(53, 56, 57),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
    deviation="the article's sed does nothing when the line is missing, commented or says anything "
    "but auto; the key is set whatever was there",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The value in force fits what is installed and what the image is for."""
    agent = subject.linux.agent
    value = (agent.value(_KEY) or "auto").lower()
    problem = _problem(subject, value)
    if problem:
        wanted = _wanted(subject)
        setting = agent.settings.get(_KEY)
        yield Violation(
            message=problem,
            place=Place(agent.config or CONFIG, setting.line if setting else None),
            found=f"{_KEY}={setting.value}" if setting else f"no {_KEY}, which means auto",
            expected=f"{_KEY}={wanted}",
            fix=Fix(
                title=f"set {_KEY}={wanted}",
                steps=(SetKeys(path=CONFIG, settings=((_KEY, wanted),)),),
            ),
        )


def _wanted(subject: Subject) -> str:
    wanted = provisioning(subject.intent)[1]
    if wanted == "cloud-init" and not subject.linux.cloud_init.installed:
        return "waagent"
    return wanted


def _problem(subject: Subject, value: str) -> str:
    if not subject.intent.generalized:
        return "" if value == "disabled" else "a specialized image must not be provisioned again"
    starts = cloud_init_starts(subject.linux)
    if value == "disabled":
        return "the agent is told not to provision a generalized image" if not starts else ""
    if value == "cloud-init" and not subject.linux.cloud_init.installed:
        return "the agent waits for cloud-init, which is not installed"
    if value == "waagent" and starts:
        return "the agent provisions beside cloud-init"
    if value == "auto" and subject.linux.cloud_init.installed:
        return "who provisions is left to a guess at boot"
    return ""
