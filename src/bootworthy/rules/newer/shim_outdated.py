"""The image is to run with Trusted Launch and its shim is one that is revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.boot_loaders import unified
from bootworthy.guest.facts.esp import MACHINE_FILE, EfiProgram
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest, uefi
from bootworthy.rules.newer.loader_unsigned import trusted
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# SbatLevel_Variable.txt of shim: since 2024 the fourth generation, of shim 15.8, is the oldest.
_GENERATION = 4
_LINE = re.compile(rb"^shim,([0-9]{1,4}),", re.MULTILINE)
_MAX_TABLE = 16 << 10


@rule(
    code="NEW-13",
    name="shim-outdated",
    severity=Severity.WARNING,
    why="Firmware with current revocations refuses the shim, and the machine stops there.",
    when=(has_guest, uefi, trusted),
    sources=(
        sources.TRUSTED_LAUNCH,
        "https://github.com/rhboot/shim/blob/main/SBAT.md",
        "https://github.com/rhboot/shim/blob/main/SbatLevel_Variable.txt",
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """The shim in EFI/BOOT is of generation 4 or later."""
    guest = subject.linux
    esp = guest.esp_facts
    if esp is None or guest.esp_tree is None:
        return
    program = esp.program(f"/EFI/BOOT/{MACHINE_FILE[subject.architecture]}")
    if program is None or not program.is_shim:
        return
    generation = _generation(guest.esp_tree, program)
    if generation < _GENERATION:
        yield Violation(
            message=f"{program.path} is a shim that is revoked",
            place=Place(program.path, within="EFI system partition"),
            found=f"shim,{generation}" if generation else "no SBAT",
            expected=f"shim,{_GENERATION} or later: shim 15.8",
            fix=by_hand("update the packages shim and grub, then install them to EFI/BOOT again"),
        )


def _generation(tree: Tree, program: EfiProgram) -> int:
    """The generation in the table of the section .sbat, 0 for a shim older than it."""
    real = tree.resolve(program.path)
    table = unified.sections(lambda count, at: tree.pread_at(real, count, at)).get(".sbat")
    data = tree.pread_at(real, min(table.size, _MAX_TABLE), table.start) if table else b""
    match = _LINE.search(data)
    return int(match[1]) if match else 0
