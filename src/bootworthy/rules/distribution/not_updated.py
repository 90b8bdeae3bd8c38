"""The packages have not been updated for months."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_DAY = 86_400

# Half a year without an update misses at least one point release of every distribution.
_OLD_DAYS = 183


@rule(
    code="DIST-02",
    name="packages-not-updated",
    severity=Severity.WARNING,
    why="Old agents, kernels and cloud-init miss what Azure's newer sizes need.",
    when=(with_packages,),
    article=(13,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The package database changed within the last half year."""
    packages = subject.linux.packages
    if not packages.path or not subject.linux.tree.exists(packages.path):
        return
    age = (time.time() - subject.linux.tree.status(packages.path).mtime) / _DAY
    if age > _OLD_DAYS:
        yield Violation(
            message=f"no package was installed or updated for {int(age)} days",
            place=Place(packages.path),
            found=f"last changed {int(age)} days ago",
            expected=f"an update within {_OLD_DAYS} days",
            fix=by_hand("update the packages in the guest before preparing it"),
        )
