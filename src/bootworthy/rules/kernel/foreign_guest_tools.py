"""Tools that talk to another hypervisor are installed."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "open-vm-tools*",
    "qemu-guest-agent*",
    "spice-vdagent",
    "virtualbox-guest-*",
    "VirtualBox-guest-*",
    "xe-guest-utilities",
    "prltoolsd",
)


@rule(
    code="KERN-24",
    name="foreign-guest-tools-installed",
    severity=Severity.NOTE,
    why="They wait for a host that is not there, set the clock from it, or load drivers in vain.",
    when=(with_packages,),
    article=(14,),
    sources=(
        sources.ARTICLE,
        sources.CERTIFICATION,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No guest tools of VMware, QEMU, VirtualBox, Xen or Parallels are there."""
    packages = subject.linux.packages
    found = [
        name
        for name in packages.installed
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in _PATTERNS)
    ]
    if found:
        yield Violation(
            message=f"tools of another hypervisor are installed: {', '.join(found)}",
            place=Place(packages.path),
            found=", ".join(found),
            expected="none of them",
            fix=by_hand(f"remove {' '.join(found)}"),
        )
