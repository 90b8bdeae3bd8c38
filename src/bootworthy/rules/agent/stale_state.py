"""The agent remembers an earlier life of this disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_STATE = "/var/lib/waagent"

# waagent -deprovision empties the first two and, on systems it set up, removes the rest
# (azurelinuxagent/pa/deprovision/default.py).
_PATTERNS = (
    f"{_STATE}/*",
    "/var/log/azure/*",
    "/etc/systemd/system/waagent-network-setup.service",
)


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
    found = [path for pattern in _PATTERNS for path in tree.glob(pattern)]
    if found:
        yield Violation(
            message="state of the agent is in the image",
            place=Place(found[0]),
            found=", ".join(found),
            expected="none",
            fix=Fix(title="remove it", steps=(RemovePaths(patterns=_PATTERNS),)),
        )
