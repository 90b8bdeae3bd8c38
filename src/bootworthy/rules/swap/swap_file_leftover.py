"""A swap file of an earlier life lies under the temporary disk's mount point."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import RemovePaths
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/mnt/resource/swapfile",
    "/mnt/swapfile",
    "/mnt/resource/DATALOSS_WARNING_README.txt",
    "/mnt/DATALOSS_WARNING_README.txt",
)


@rule(
    code="SWAP-07",
    name="resource-swap-left",
    severity=Severity.WARNING,
    why="The file takes room on the OS disk, hidden under the mount of the temporary disk.",
    when=(generalized, has_guest),
    article=(60,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Nothing that belongs on the temporary disk is on the OS disk."""
    tree = subject.linux.tree
    for path in (path for pattern in _PATTERNS for path in tree.glob(pattern)):
        yield Violation(
            message="a file of the temporary disk is on the OS disk",
            place=Place(path),
            found=f"{tree.link_status(path).size} bytes",
            expected="no such file",
            fix=Fix(title=f"remove {path}", steps=(RemovePaths(patterns=(path,)),)),
        )
