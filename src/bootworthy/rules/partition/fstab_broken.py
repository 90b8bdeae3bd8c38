"""A line of fstab is not one."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import fstab
from bootworthy.guest.facts.fstab import BadLine
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import devices, sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_DEVICE_AND_PLACE = 2


@rule(
    code="PART-13",
    name="fstab-line-broken",
    severity=Severity.ERROR,
    why="systemd takes part of such a line, waits for its device in vain and stops the boot.",
    when=(has_guest,),
    sources=(sources.FSTAB_ERRORS, "fstab(5)"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every line has the fields that fstab(5) asks for."""
    for bad in subject.linux.fstab.bad:
        yield Violation(
            message=f"line {bad.line} of fstab is not an entry: {bad.problem}",
            place=Place(fstab.PATH, bad.line),
            found=bad.text,
            expected="device, mount point, type, options",
            fix=by_hand("correct the line, or take it out"),
            severity=None if _stops_boot(subject, bad) else Severity.WARNING,
        )


def _stops_boot(subject: Subject, bad: BadLine) -> bool:
    """Whether the file cannot be read, or systemd waits for what the line names in vain.

    systemd takes whatever has a device and an absolute mount point (fstab-generator.c).
    """
    fields = bad.text.split()
    if not fields:
        return True
    if len(fields) < _DEVICE_AND_PLACE or not fields[1].startswith("/") or subject.image is None:
        return False
    options = fields[3].split(",") if len(fields) > _DEVICE_AND_PLACE + 1 else []
    if {"nofail", "noauto"} & set(options):
        return False
    return devices.presence(subject.image, fields[0]) is devices.Presence.ABSENT
