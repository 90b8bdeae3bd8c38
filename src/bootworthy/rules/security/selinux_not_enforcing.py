"""SELinux has a policy and does not enforce it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import selinux
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="SEC-18",
    name="selinux-not-enforcing",
    severity=Severity.WARNING,
    why="Images of such a distribution are expected to confine their services.",
    when=(has_guest,),
    sources=("https://github.com/osbuild/cloud-image-val",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where a policy is installed for SELinux, it is enforced."""
    found = selinux.read(subject.linux.tree)
    if found.has_policy and found.mode != "enforcing":
        yield Violation(
            message=f"SELinux is {found.mode or 'off'}",
            place=Place(selinux.CONFIG),
            found=f"SELINUX={found.mode}",
            expected="SELINUX=enforcing",
            # Files made without SELinux have no labels, and enforcing would lock everybody out.
            fix=by_hand(f"relabel (touch {selinux.RELABEL_MARK}, boot), then set it to enforcing"),
        )
