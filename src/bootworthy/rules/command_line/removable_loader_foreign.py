"""What firmware starts from EFI/BOOT boots no system of this disk."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.esp import MACHINE_FILE
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, uefi
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# What these programs call themselves, in bytes of their own.
_MARKS = {b"iPXE initialising": "iPXE", b"Memtest86+": "Memtest86+", b"UEFI Shell v": "UEFI Shell"}

# iPXE has less than one, Memtest86+ less than half of one.
_LIMIT = 4 << 20


@rule(
    code="CMD-33",
    name="removable-loader-foreign",
    severity=Severity.WARNING,
    why="A new machine has no boot entries: its firmware starts what lies in EFI/BOOT, nothing "
    "else.",
    when=(has_guest, uefi),
    sources=(sources.UEFI_SPECIFICATION, sources.UEFI_BOOT_FAILURES),
)
def check(subject: Subject) -> Iterator[Violation]:
    """EFI/BOOT holds a boot loader, not a network boot program, a memory test or a shell."""
    guest = subject.linux
    if guest.esp_tree is None or guest.esp_facts is None:
        return
    program = guest.esp_facts.program(f"/EFI/BOOT/{MACHINE_FILE[subject.architecture]}")
    if program is None:
        return
    if name := _foreign(guest.esp_tree, program.path):
        yield Violation(
            message=f"{program.path} is {name}",
            place=Place(program.path, within="EFI system partition"),
            found=name,
            expected="the boot loader of this disk: shim, GRUB or systemd-boot",
            fix=by_hand("install the boot loader there: grub-install --removable, or bootctl"),
        )


def _foreign(tree: Tree, path: str) -> str:
    data = tree.pread_at(tree.resolve(path), _LIMIT, 0)
    return next((name for mark, name in _MARKS.items() if mark in data), "")
