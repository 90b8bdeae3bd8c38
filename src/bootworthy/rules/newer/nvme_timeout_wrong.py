"""NVMe requests time out too early or never."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NAME = "nvme_core.io_timeout"

# Microsoft's value, in seconds; images for Amazon have the largest number there is.
_SECONDS = "240"


def _for_nvme(subject: Subject) -> str:
    return "" if subject.intent.nvme else "--nvme is not given"


@rule(
    code="NEW-03",
    name="nvme-timeout-wrong",
    severity=Severity.WARNING,
    why="While Azure moves a machine its disks answer after more than the usual thirty seconds.",
    when=(_for_nvme, with_entries),
    sources=("https://learn.microsoft.com/azure/virtual-machines/enable-nvme-interface",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every entry has nvme_core.io_timeout=240."""
    entries = [entry for entry in subject.linux.boot_loader.entries if not _is_set(entry)]
    if not entries:
        return
    others = (value for entry in entries for value in entry.values(_NAME))
    wrong = tuple(dict.fromkeys(f"{_NAME}={value}" for value in others if value != _SECONDS))
    step = SetKernelArguments(add=(f"{_NAME}={_SECONDS}",), remove=wrong)
    yield violation(
        entries,
        f"NVMe requests time out after {wrong[0].partition('=')[2] if wrong else 30} seconds",
        expected=f"{_NAME}={_SECONDS}",
        fix=Fix(title=f"set {_NAME}={_SECONDS}", steps=(step,)),
    )


def _is_set(entry: BootEntry) -> bool:
    return entry.values(_NAME) == (_SECONDS,)
