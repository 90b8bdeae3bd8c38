"""The kernel is told a root device that Azure's machine does not have under that name."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import devices, sources
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-17",
    name="root-device-unstable",
    severity=Severity.ERROR,
    why="The disk has another name on Azure, or none the image knows: the root is never found.",
    when=(has_image, with_entries),
    sources=(sources.FSTAB_ERRORS, sources.NO_HYPERV_DRIVERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """root= of every entry names a file system of this image, by a name that travels."""
    entries: dict[str, list[BootEntry]] = {}
    for entry in subject.linux.boot_loader.entries:
        for value in entry.values("root"):
            entries.setdefault(value.strip('"'), []).append(entry)
    better = _better(subject)
    for device, having in entries.items():
        problem, severity = _problem(subject, device)
        if problem:
            yield violation(
                having,
                f"root={device}: {problem}",
                expected=better,
                fix=by_hand(f"set {better} in the boot loader's configuration"),
                severity=severity,
            )


def _problem(subject: Subject, device: str) -> tuple[str, Severity | None]:
    kind = devices.root_file_system(subject) or "auto"
    if devices.is_foreign(device):
        return "not every machine on Azure has a disk of this name", None
    if devices.presence(subject.disk, device, kind) is devices.Presence.ABSENT:
        return "no file system of the image is called that", None
    if devices.may_change(device):
        return "the name depends on the order in which disks are found", Severity.WARNING
    return "", None


def _better(subject: Subject) -> str:
    number = subject.linux.root_partition
    found = (fs.uuid for fs in subject.disk.file_systems if fs.partition == number)
    return f"root=UUID={next(found, '') or '…'}"
