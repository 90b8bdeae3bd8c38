from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.command_line.removable_loader_foreign import check
from tests.rules.healthy import efi_program, esp, healthy
from tests.rules.making import Entry, findings, subject

PATH = "/EFI/BOOT/BOOTX64.EFI"


def look(programs: dict[str, Entry]) -> tuple[Finding, ...]:
    intent = Intent(generation=Generation.UEFI)
    return findings(check, subject(healthy(), esp=programs, intent=intent))


def test_a_boot_loader_passes() -> None:
    assert look(esp()) == ()
    assert look({}) == ()


@pytest.mark.parametrize(
    ("mark", "name"), [(b"iPXE initialising devices", "iPXE"), (b"Memtest86+ v7", "Memtest86+")]
)
def test_a_program_that_boots_nothing(mark: bytes, name: str) -> None:
    (found,) = look({PATH: efi_program() + bytes(5000) + mark})
    assert (found.severity, found.place.path, found.found) == (Severity.WARNING, PATH, name)
