"""Name servers of the old network are configured."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import EmptyFiles
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

PATH = "/etc/resolv.conf"

# A resolver on the machine itself, and Azure's own, are not of the old network.
_KEPT = ("127.", "::1", "168.63.129.16")


@rule(
    code="NET-16",
    name="static-resolver",
    severity=Severity.WARNING,
    why="Names are asked of servers the machine cannot reach until DHCP replaces the file.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.AGENT_SOURCE,),
    deviation="waagent -deprovision deletes the file, also where it is a link that nothing makes "
    "again; here a link stays and a file is emptied",
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/resolv.conf is a link, missing or without name servers of another network."""
    tree = subject.linux.tree
    if tree.is_link(PATH):
        return
    for number, line in enumerate(tree.text_or(PATH).splitlines(), 1):
        words = line.split()
        if words[:1] == ["nameserver"] and words[1:] and not words[1].startswith(_KEPT):
            yield Violation(
                message="a name server of the old network is configured",
                place=Place(PATH, number),
                found=line.strip(),
                expected="a file that DHCP fills",
                fix=Fix(title=f"empty {PATH}", steps=(EmptyFiles(patterns=(PATH,)),)),
            )
            return
