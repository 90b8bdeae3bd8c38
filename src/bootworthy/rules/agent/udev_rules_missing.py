"""No udev rules name Azure's disks."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import udev_rules
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# The agent's own; those of azure-vm-utils take their place.
_RULES = ("66-azure-storage.rules", "80-azure-disk.rules")


@rule(
    code="AGT-25",
    name="disk-udev-rules-missing",
    severity=Severity.WARNING,
    why="Without /dev/disk/azure nothing tells the temporary disk and the data disks apart.",
    when=(with_agent,),
    sources=(
        f"{sources.AGENT_SOURCE}/tree/master/config",
        "https://github.com/Azure/azure-vm-utils",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The rules of the agent or of azure-vm-utils are in force."""
    tree = subject.linux.tree
    if not any(udev_rules.has(tree, name) for name in _RULES):
        yield Violation(
            message="the disks of Azure get no names of their own",
            place=Place(f"/usr/lib/udev/rules.d/{_RULES[0]}"),
            found="no such rules",
            expected=" or ".join(_RULES),
            fix=by_hand("install the agent's package again, or azure-vm-utils"),
        )
