"""The tools that name Azure's NVMe disks are not installed."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import software
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PROGRAM = "azure-nvme-id"


def _for_nvme(subject: Subject) -> str:
    return "" if subject.intent.nvme else "--nvme is not given"


@rule(
    code="NEW-05",
    name="disk-names-missing",
    severity=Severity.NOTE,
    why="Without them /dev/disk/azure/ has no names for data disks and the temporary disk on NVMe.",
    when=(_for_nvme, has_guest),
    sources=("https://github.com/Azure/azure-vm-utils",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """azure-vm-utils is there."""
    if not software.has_program(subject.linux, _PROGRAM):
        yield Violation(
            message="NVMe disks get no names of Azure's",
            place=Place(f"/usr/sbin/{_PROGRAM}"),
            found="no such program",
            expected="the package azure-vm-utils",
            fix=by_hand("install azure-vm-utils, where the distribution has it"),
        )
