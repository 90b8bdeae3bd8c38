"""Ignition looks for its configuration on another platform."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NAME = "ignition.platform.id"
_WANTED = f"{_NAME}=azure"


@rule(
    code="AGT-22",
    name="ignition-platform-wrong",
    severity=Severity.ERROR,
    why="Ignition never reads what Azure has for the machine, so that it is not provisioned.",
    when=(with_entries,),
    sources=(
        "https://coreos.github.io/ignition/supported-platforms/",
        "https://www.flatcar.org/docs/latest/installing/cloud/azure/",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Where an entry has ignition.platform.id, it is azure."""
    entries = subject.linux.boot_loader.entries
    if having := [entry for entry in entries if _is_foreign(entry)]:
        wrong = dict.fromkeys(f"{_NAME}={v}" for e in having for v in e.values(_NAME))
        remove = tuple(word for word in wrong if word != _WANTED)
        step = SetKernelArguments(add=(_WANTED,), remove=remove)
        yield violation(
            having,
            f"Ignition is told another platform: {', '.join(remove)}",
            expected=_WANTED,
            fix=Fix(title=f"set {_WANTED}", steps=(step,)),
        )


def _is_foreign(entry: BootEntry) -> bool:
    return any(value != "azure" for value in entry.values(_NAME))
