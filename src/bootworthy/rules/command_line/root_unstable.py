"""The kernel is told a root device that Azure's machine does not have under that name."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import line_of, place_of, with_entries
from bootworthy.rules.conditions import has_image
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_STABLE = ("UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/mapper/", "/dev/disk/by-")


@rule(
    code="CMD-17",
    name="root-device-unstable",
    severity=Severity.ERROR,
    why="The disk has another name on Azure, or none the image knows: the root is never found.",
    when=(has_image, with_entries),
    sources=(sources.FSTAB_ERRORS, sources.NO_HYPERV_DRIVERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """root= of every entry names a file system of this image, by an identity that travels."""
    disk = subject.disk
    for entry in subject.linux.boot_loader.entries:
        for value in entry.values("root"):
            device = value.strip('"')
            found = fstab.find(device, disk.file_systems, disk.table.partitions)
            if device.startswith("/dev/mapper/"):
                continue  # a logical volume: only the guest's own tools can tell
            if found is None:
                problem, severity = "no file system of the image is called that", None
            elif not device.startswith(_STABLE):
                problem, severity = "the name depends on the machine", Severity.WARNING
            else:
                continue
            yield Violation(
                message=f"root={device}: {problem}",
                place=place_of(entry),
                found=line_of(entry),
                expected="root=UUID=… of the root file system",
                fix=by_hand("set root=UUID=… in the boot loader's configuration"),
                severity=severity,
            )
