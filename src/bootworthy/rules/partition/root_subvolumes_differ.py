"""The boot entry and fstab name different subvolumes as the root."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_OPTION = "subvol="


@rule(
    code="PART-27",
    name="root-subvolumes-differ",
    severity=Severity.NOTE,
    why="The machine runs one snapshot and its next update changes another.",
    when=(with_entries,),
    sources=("https://btrfs.readthedocs.io/en/latest/Subvolumes.html",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """rootflags=subvol= is what fstab has for the root, where both name one."""
    told = [e.options for e in subject.linux.fstab.entries if e.mount_point == "/"]
    wanted = _subvolume(",".join(told[0])) if told else ""
    if not wanted:
        return
    entries = subject.linux.boot_loader.entries
    if others := [entry for entry in entries if _booted(entry) not in ("", wanted)]:
        yield violation(
            others,
            f"the boot entry starts {_booted(others[0])}, and fstab mounts {wanted}",
            expected=f"rootflags={_OPTION}{wanted}",
            fix=by_hand("finish or undo the rollback: snapper rollback, then update the boot menu"),
        )


def _booted(entry: BootEntry) -> str:
    return _subvolume(",".join(entry.values("rootflags")))


def _subvolume(options: str) -> str:
    named = [word[len(_OPTION) :] for word in options.split(",") if word.startswith(_OPTION)]
    return named[-1].strip("/") if named else ""
