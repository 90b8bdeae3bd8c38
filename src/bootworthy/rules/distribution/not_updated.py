"""The packages have not been updated for months."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_packages
from bootworthy.rules.rule import NotCheckedError, rule
from bootworthy.rules.subject import Subject

_DAY = 86_400

# Half a year without an update misses at least one point release of every distribution.
_OLD_DAYS = 183

# Images built reproducibly have no dates: OSTree and Nix use 0 and 1.
_NO_DATE = _DAY


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
    path = subject.linux.packages.path
    changed = subject.linux.tree.status(path).mtime
    if changed < _NO_DATE:
        raise NotCheckedError(f"{path} has no date")
    age = (subject.now.timestamp() - changed) / _DAY
    if age > _OLD_DAYS:
        yield Violation(
            message=f"no package was installed or updated for {int(age)} days",
            place=Place(path),
            found=f"last changed {int(age)} days ago",
            expected=f"an update within {_OLD_DAYS} days",
            fix=by_hand("update the packages in the guest before preparing it"),
        )
