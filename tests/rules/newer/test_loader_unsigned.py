from __future__ import annotations

import struct

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.newer.loader_unsigned import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


WANTED = Intent(trusted_launch=True, generation=Generation.UEFI)


def program(*, signed: bool) -> bytes:
    """An EFI program of PE32+ with or without a certificate table."""
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    optional = bytearray(240)
    optional[:2] = b"\x0b\x02"
    if signed:
        struct.pack_into("<II", optional, 112 + 4 * 8, 0x1000, 0x200)
    coff = struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, len(optional), 0)
    return dos + b"PE\0\0" + coff + bytes(optional)


def signed(first: bool, second: bool) -> tuple[Finding, ...]:
    esp: dict[str, Entry] = {
        "/EFI/BOOT/BOOTX64.EFI": program(signed=first),
        "/EFI/BOOT/grubx64.efi": program(signed=second),
    }
    return findings(check, subject(healthy(), esp=esp, intent=WANTED))


def test_it_applies_on_request() -> None:
    usual = Intent(generation=Generation.UEFI)
    assert not_applicable(check, subject(healthy(), esp={}, intent=usual))


def test_signed_programs_pass() -> None:
    assert signed(True, True) == ()


def test_each_program_without_a_signature_is_an_error() -> None:
    found = signed(False, False)

    assert [one.place.path for one in found] == ["/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi"]
    assert {one.severity for one in found} == {Severity.ERROR}
    assert len(signed(True, False)) == 1


def test_what_is_no_program_is_not_signed() -> None:
    esp: dict[str, Entry] = {"/EFI/BOOT/BOOTX64.EFI": b"MZ"}
    assert len(findings(check, subject(healthy(), esp=esp, intent=WANTED))) == 1
