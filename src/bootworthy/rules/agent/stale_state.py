"""The agent remembers an earlier life of this disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import PROVISIONED, STATE
from bootworthy.rules.cleanup.leftovers import present, shorten
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# waagent -deprovision removes the first two and the unit (azurelinuxagent/pa/deprovision/
# default.py).
_PATTERNS = (
    f"{STATE}/*",
    "/var/log/azure/*",
    "/etc/systemd/system/waagent-network-setup.service",
)

# The agent skips provisioning, cloud-init applies the old machine's settings, the agent sleeps.
_FATAL = (PROVISIONED, f"{STATE}/ovf-env.xml", f"{STATE}/disable_agent")


@rule(
    code="AGT-19",
    name="agent-state-left",
    severity=Severity.ERROR,
    why="A file called provisioned makes the agent skip provisioning on every new machine.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.AGENT_SOURCE, sources.PROVISIONING_ERRORS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """/var/lib/waagent and the agent's other leavings are empty."""
    tree = subject.linux.tree
    fatal = present(tree, _FATAL)
    found = list(dict.fromkeys(fatal + present(tree, _PATTERNS)))
    if found:
        yield Violation(
            message="state of the agent is in the image",
            place=Place(found[0]),
            found=shorten(found),
            expected="none",
            fix=Fix(title="remove it", steps=(RemovePaths(patterns=_PATTERNS),)),
            severity=None if fatal else Severity.WARNING,
        )
