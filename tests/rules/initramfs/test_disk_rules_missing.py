from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.initramfs.disk_rules_missing import check
from tests.guest.memory import Link
from tests.rules.healthy import INITRAMFS, healthy, initramfs
from tests.rules.making import Entry, findings, subject

NAME = "80-azure-disk.rules"
RULES = f"/usr/lib/udev/rules.d/{NAME}"


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_a_guest_without_the_rules_passes() -> None:
    assert look({}) == ()
    assert look({RULES: "x", f"/etc/udev/rules.d/{NAME}": Link("/dev/null")}) == ()


def test_rules_inside_and_outside_pass() -> None:
    inside = initramfs(files={f"usr/lib/udev/rules.d/{NAME}": "x"})
    assert look({RULES: "x", INITRAMFS: inside}) == ()


def test_rules_outside_alone() -> None:
    (found,) = look({RULES: "x"})
    assert (found.severity, found.place.path) == (Severity.NOTE, INITRAMFS)


def test_a_broken_initramfs_is_told_by_another_rule() -> None:
    assert look({RULES: "x", INITRAMFS: b"junk"}) == ()
