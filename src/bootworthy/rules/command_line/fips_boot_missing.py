"""FIPS mode is on and the initramfs is not told where /boot is."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import violation, with_entries
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CMD-26",
    name="fips-boot-device-missing",
    severity=Severity.WARNING,
    why="dracut's FIPS check reads the kernel's checksum from /boot, and halts without it.",
    when=(with_entries,),
    sources=("https://man7.org/linux/man-pages/man7/dracut.cmdline.7.html", sources.RHEL_PAGE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Entries with fips=1 name the device of a separate /boot."""
    guest = subject.linux
    if not any(entry.mount_point == "/boot" for entry in guest.fstab.entries):
        return
    without = [entry for entry in guest.boot_loader.entries if _lacks(entry)]
    if without:
        yield violation(
            without,
            "fips=1 without boot= halts where /boot is a file system of its own",
            expected="boot=UUID=… of /boot",
            fix=by_hand("add boot=UUID=… with the UUID of /boot to every entry"),
        )


def _lacks(entry: BootEntry) -> bool:
    return entry.has("fips=1") and not entry.values("boot")
