"""The agent and cloud-init would both look after the temporary disk, or the wrong one does."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.intent import ResourceSwap
from bootworthy.model.steps import SetKeys
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import leaves_disk_to_cloud_init, resource_disk
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="SWAP-03",
    name="resource-disk-managed-twice",
    severity=Severity.WARNING,
    why="Two programs partition and mount the temporary disk at once; one of them fails.",
    when=(with_agent,),
    article=(52, 53, 56),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
    deviation="steps 6 and 7 of the article contradict each other; the choice of --resource-swap "
    "decides who looks after the disk",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The agent leaves the disk to cloud-init, unless --resource-swap agent.

    A note where the agent does so anyway, whatever its configuration says.
    """
    agent = subject.linux.agent
    by_agent = subject.intent.swap_by is ResourceSwap.AGENT
    if by_agent or not subject.linux.cloud_init.installed:
        return
    for key, wanted in resource_disk(subject.intent):
        if agent.is_on(key):
            yield Violation(
                message="the agent looks after the temporary disk beside cloud-init",
                place=Place(agent.config or CONFIG, agent.settings[key].line),
                found=f"{key}={agent.value(key)}",
                expected=f"{key}={wanted}",
                fix=Fix(title="leave the disk to cloud-init", steps=(_hands_off(subject),)),
                severity=Severity.NOTE if leaves_disk_to_cloud_init(subject.linux) else None,
            )
            return


def _hands_off(subject: Subject) -> SetKeys:
    path = subject.linux.agent.config or CONFIG
    return SetKeys(path=path, settings=resource_disk(subject.intent))
