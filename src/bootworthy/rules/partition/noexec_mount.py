"""A file system that the agent runs programs from does not allow it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# The agent unpacks extensions below /var/lib/waagent and starts them there.
_NEEDED = ("/var", "/var/lib", "/var/lib/waagent")


@rule(
    code="PART-17",
    name="noexec-under-agent",
    severity=Severity.WARNING,
    why="Extensions are programs below /var/lib/waagent: with noexec none of them starts.",
    when=(has_guest,),
    sources=(sources.AGENT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Nothing above /var/lib/waagent is mounted with noexec."""
    for entry in subject.linux.fstab.entries:
        if entry.mount_point in _NEEDED and entry.has("noexec"):
            yield Violation(
                message=f"{entry.mount_point} is mounted with noexec",
                place=Place(fstab.PATH, entry.line),
                found=",".join(entry.options),
                expected="no noexec",
                fix=by_hand(f"take noexec off the line of {entry.mount_point} in {fstab.PATH}"),
            )
