"""A file system was not unmounted: the machine was not shut down before its disk was copied."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.model.image import FileSystem
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="VHD-18",
    name="file-system-dirty",
    severity=Severity.WARNING,
    why="What was in memory is lost, and a check at boot may stop and ask.",
    when=(has_image,),
    article=(68,),
    sources=(sources.ARTICLE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every file system says that it was unmounted, and no swap holds a hibernated machine."""
    for item in subject.disk.file_systems:
        if not item.clean:
            hibernated = item.kind == "swsuspend"
            state = "holds a hibernated machine" if hibernated else "was not unmounted"
            name = "swap" if hibernated else item.kind
            yield Violation(
                message=f"{name} on {_where(item)} {state}",
                place=Place(subject.disk.container.path, within=_where(item)),
                found="its journal or dirty flag says that it was in use",
                expected="a machine that was shut down before its disk was copied",
                fix=by_hand(
                    "shut the machine down and copy its disk again; prepare replays the journal"
                ),
            )


def _where(item: FileSystem) -> str:
    return f"partition {item.partition}" if item.partition else "the whole disk"
