"""The agent is to swap on the temporary disk and is not told so."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.intent import ResourceSwap
from bootworthy.model.steps import SetKeys, Step
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import leaves_disk_to_cloud_init, resource_disk
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject
from bootworthy.rules.swap.resource_files import MOUNT


def _by_agent(subject: Subject) -> str:
    chosen = subject.intent.swap_by
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
    agent = guest.agent
    config = agent.config or CONFIG
    if leaves_disk_to_cloud_init(guest):
        yield Violation(
            message="this agent never touches the temporary disk where cloud-init is enabled",
            place=Place(config),
            found=f"agent {agent.version or 'of unknown version'}, changed by the distribution",
            expected="cloud-init looks after the temporary disk",
            fix=by_hand("prepare with --resource-swap cloud-init"),
        )
        return
    wrong = [pair for pair in resource_disk(subject.intent) if agent.value(pair[0]) != pair[1]]
    steps: list[Step] = []
    if wrong:
        steps.append(SetKeys(path=config, settings=resource_disk(subject.intent)))
    if guest.cloud_init.installed and guest.tree.text_or(MOUNT.path) != MOUNT.text:
        steps.append(MOUNT)
    if steps:
        yield Violation(
            message="the agent is not set up to swap on the temporary disk",
            place=Place(config if wrong else MOUNT.path),
            found=", ".join(f"{key}={agent.value(key) or ''}" for key, _ in wrong)
            or "cloud-init mounts the disk",
            expected=", ".join(f"{key}={value}" for key, value in wrong)
            or f"{MOUNT.path} keeps cloud-init from it",
            fix=Fix(title="have the agent swap on the temporary disk", steps=tuple(steps)),
        )
