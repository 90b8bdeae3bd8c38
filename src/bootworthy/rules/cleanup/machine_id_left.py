"""The machine id of the old machine is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import ResetMachineId
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

PATH = "/etc/machine-id"
DBUS_PATH = "/var/lib/dbus/machine-id"

_FIX = Fix(title="leave the machine id to the first boot", steps=(ResetMachineId(),))


@rule(
    code="CLEAN-08",
    name="machine-id-left",
    severity=Severity.WARNING,
    why="DHCP clients, journals and management tools take machines with one id for one machine.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(sources.SYSTEMD_MACHINE_ID, sources.CLOUD_INIT_SOURCE),
    deviation="neither cloud-init clean nor waagent -deprovision, as the article runs them, "
    "resets it",
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/machine-id is empty or says uninitialized; D-Bus has no copy of its own."""
    tree = subject.linux.tree
    for path in (PATH, DBUS_PATH):
        value = tree.text_or(path).strip()
        copy = path == DBUS_PATH and not tree.is_link(path)
        if value not in ("", "uninitialized") and (path == PATH or copy):
            yield Violation(
                message="the machine id of the old machine is in the image",
                place=Place(path),
                found=value[:40],
                expected="an empty file" if path == PATH else "no file, or a link",
                fix=_FIX,
            )
