"""The machine id of the old machine is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.boot_loaders.entry_files import ENTRY_NAME, named_after_machine
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import ResetMachineId
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import place_of, unwanted_tokens
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

PATH = "/etc/machine-id"
DBUS_PATH = "/var/lib/dbus/machine-id"

# systemd(1): it overrides /etc/machine-id. kernel-install adds it to entries named after the id.
_ARGUMENT = "systemd.machine_id="

_FIX = Fix(title="leave the machine id to the first boot", steps=(ResetMachineId(),))


@rule(
    code="CLEAN-08",
    name="machine-id-left",
    severity=Severity.WARNING,
    why="DHCP clients, journals and management tools take machines with one id for one machine.",
    when=(generalized, has_guest),
    article=(65,),
    sources=(
        sources.SYSTEMD_MACHINE_ID,
        sources.CLOUD_INIT_SOURCE,
        "https://www.freedesktop.org/software/systemd/man/kernel-install.html",
    ),
    deviation="neither cloud-init clean nor waagent -deprovision, as the article runs them, "
    "resets it",
)
def check(subject: Subject) -> Iterator[Violation]:
    """/etc/machine-id is empty or says uninitialized; D-Bus has no copy; no boot entry needs it."""
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
    yield from unwanted_tokens(
        subject, _is_machine_id, "{} gives every machine the id of the old one"
    )
    yield from _named_after_it(subject.linux)


def _is_machine_id(word: str) -> bool:
    return word.startswith(_ARGUMENT)


def _named_after_it(guest: Guest) -> Iterator[Violation]:
    """Entries that updates of a machine with another id would neither replace nor remove."""
    entry = named_after_machine(guest.tree, guest.boot_loader)
    if entry:
        yield Violation(
            message="the boot entries bear the id of the old machine, and kernel-install looks "
            "for those of the new one",
            place=place_of(entry),
            found=f"no {ENTRY_NAME}",
            expected=f"{ENTRY_NAME} with the word that the entries begin with",
            fix=_FIX,
        )
