from __future__ import annotations

import struct

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.newer.shim_outdated import check
from tests.rules.healthy import efi_program, esp, healthy
from tests.rules.making import Entry, findings, not_applicable, subject

PATH = "/EFI/BOOT/BOOTX64.EFI"
TRUSTED = Intent(generation=Generation.UEFI, trusted_launch=True)
HEAD = b"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"


def shim(table: bytes | None) -> bytes:
    """A shim with this SBAT table, or of the time before there were any."""
    if table is None:
        return efi_program(0x8664, b".vendor_cert")
    program = bytearray(efi_program(0x8664, b".vendor_cert", b".sbat"))
    # The second section: virtual size, address, raw size, place in the file.
    struct.pack_into("<IIII", program, 0x40 + 24 + 40 + 8, len(table), 0, len(table), len(program))
    return bytes(program) + table


def look(program: bytes) -> tuple[Finding, ...]:
    programs: dict[str, Entry] = {PATH: program}
    return findings(check, subject(healthy(), esp=programs, intent=TRUSTED))


@pytest.mark.parametrize("generation", [4, 5, 12])
def test_a_current_one_passes(generation: int) -> None:
    line = b"shim,%d,UEFI shim,shim,1,https://github.com/rhboot/shim\n" % generation
    assert look(shim(HEAD + line)) == ()


def test_what_is_no_shim_passes() -> None:
    assert look(efi_program()) == ()


@pytest.mark.parametrize(
    ("table", "told"),
    [(HEAD + b"shim,3,UEFI shim,shim,1,x\n", "shim,3"), (HEAD, "no SBAT"), (None, "no SBAT")],
)
def test_a_revoked_one(table: bytes | None, told: str) -> None:
    (found,) = look(shim(table))
    assert (found.severity, found.place.path, found.found) == (Severity.WARNING, PATH, told)


def test_without_trusted_launch_it_does_not_matter() -> None:
    intent = Intent(generation=Generation.UEFI)
    assert not_applicable(check, subject(healthy(), esp=esp(), intent=intent))
