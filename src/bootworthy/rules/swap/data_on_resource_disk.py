"""Data lie where the temporary disk will be mounted over them."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.agent.settings import RESOURCE_MOUNT
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_OURS = ("swapfile", "DATALOSS_WARNING_README.txt", "lost+found")


@rule(
    code="SWAP-13",
    name="data-under-resource-disk",
    severity=Severity.WARNING,
    why="The temporary disk hides them, and what is written there is lost at deallocation.",
    when=(has_guest,),
    article=(51,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """/mnt/resource is empty."""
    names = [name for name in subject.linux.tree.names(RESOURCE_MOUNT) if name not in _OURS]
    if names:
        yield Violation(
            message=f"{RESOURCE_MOUNT} is not empty",
            place=Place(RESOURCE_MOUNT),
            found=", ".join(names[:10]),
            expected="an empty directory, or none",
            fix=by_hand("move the data to a disk that stays"),
        )
