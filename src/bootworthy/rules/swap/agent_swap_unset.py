"""The agent is to swap on the temporary disk and is not told so."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.intent import ResourceSwap
from bootworthy.model.steps import SetKeys, Step
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import resource_disk
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject
from bootworthy.rules.swap.resource_files import NO_MOUNT


def _by_agent(subject: Subject) -> str:
    chosen = subject.intent.resource_swap
    return "" if chosen is ResourceSwap.AGENT else f"--resource-swap {chosen.value}"


@rule(
    code="SWAP-04",
    name="agent-swap-not-set",
    severity=Severity.WARNING,
    why="The machine has no swap, or the temporary disk is mounted twice.",
    when=(_by_agent, with_agent),
    article=(11, 52),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """waagent.conf has the article's five values, and cloud-init does not mount the disk."""
    guest = subject.linux
    wanted = resource_disk(subject.intent)
    wrong = [key for key, value in wanted if guest.agent.value(key) != value]
    steps: list[Step] = [SetKeys(path=CONFIG, settings=wanted)] if wrong else []
    if guest.cloud_init.installed and guest.tree.text_or(NO_MOUNT.path) != NO_MOUNT.text:
        wrong.append(NO_MOUNT.path)
        steps.append(NO_MOUNT)
    if wrong:
        yield Violation(
            message="the agent is not set up to swap on the temporary disk",
            place=Place(CONFIG),
            found=", ".join(f"{key}={guest.agent.value(key)}" for key in wrong),
            expected=", ".join(f"{key}={value}" for key, value in wanted),
            fix=Fix(title="set the agent's ResourceDisk keys", steps=tuple(steps)),
        )
