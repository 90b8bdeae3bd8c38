from __future__ import annotations

import pytest

from bootworthy.disk.image import Image
from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.model.steps import InstallRemovableLoader
from bootworthy.rules.partition.removable_loader import check
from tests.rules.healthy import ARM64, efi_program, elf, esp, healthy
from tests.rules.making import Entry, Files, finding, findings, not_applicable, subject

UEFI = Intent(generation=Generation.UEFI)
ARM_PE = 0xAA64
SHIM = efi_program(0x8664, b".text", b".vendor_cert")
VENDOR: dict[str, Entry] = {
    "/EFI/debian/shimx64.efi": SHIM,
    "/EFI/debian/grubx64.efi": efi_program(),
    "/EFI/debian/BOOTX64.CSV": "shimx64.efi,debian,,comment\n".encode("utf-16"),
}


def look(programs: Files, machine: int = 62) -> tuple[Finding, ...]:
    files = healthy({"/usr/bin/dash": elf(machine)})
    return findings(check, subject(files, esp=programs, intent=UEFI))


def test_a_loader_for_this_machine_passes(healthy_image: Image) -> None:
    assert findings(check, subject(healthy(), image=healthy_image, esp=esp())) == ()


@pytest.mark.parametrize("path", ["/efi/boot/bootx64.efi", "/EFI/Boot/BootX64.EFI"])
def test_names_have_no_case(path: str) -> None:
    assert look({path: efi_program()}) == ()


def test_the_loader_is_only_in_the_vendors_folder() -> None:
    (found,) = look(VENDOR)

    assert found.severity is Severity.ERROR
    assert found.message == "\\EFI\\BOOT\\BOOTX64.EFI: there is no such file"
    assert found.found == "/EFI/DEBIAN/GRUBX64.EFI, /EFI/DEBIAN/SHIMX64.EFI"
    assert found.fix is not None
    assert found.fix.steps == (InstallRemovableLoader(),)


def test_there_is_nothing_to_copy() -> None:
    (found,) = look({"/EFI/BOOT/README": "empty\n"})

    assert found.found == "no EFI program at all"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_shim_with_grub_beside_it_passes() -> None:
    beside: dict[str, Entry] = {"/EFI/BOOT/BOOTX64.EFI": SHIM, "/EFI/BOOT/grubx64.efi": SHIM}
    assert look({**VENDOR, **beside}) == ()


def test_shim_with_its_fallback_passes() -> None:
    beside: dict[str, Entry] = {"/EFI/BOOT/BOOTX64.EFI": SHIM, "/EFI/BOOT/fbx64.efi": SHIM}
    assert look({**VENDOR, **beside}) == ()


def test_shim_with_a_fallback_to_nothing() -> None:
    (found,) = look({"/EFI/BOOT/BOOTX64.EFI": SHIM, "/EFI/BOOT/fbx64.efi": SHIM})
    assert "shim" in found.message


def test_shim_alone() -> None:
    (found,) = look({**VENDOR, "/EFI/BOOT/BOOTX64.EFI": SHIM})

    assert found.message.endswith("it is shim, and the boot loader it starts is not beside it")
    assert found.fix is not None
    assert found.fix.steps == (InstallRemovableLoader(),)


@pytest.mark.parametrize("content", [b"", b"MZ", b"#!/bin/sh\n", efi_program(ARM_PE)])
def test_a_program_for_another_machine(content: bytes) -> None:
    (found,) = look({"/EFI/BOOT/BOOTX64.EFI": content})
    assert found.message.endswith("it is no EFI program for this architecture")


def test_arm64_has_a_name_of_its_own() -> None:
    assert look(esp(name="BOOTAA64.EFI", machine=ARM_PE), ARM64) == ()

    (found,) = look(esp(), ARM64)
    assert found.place.path == "/EFI/BOOT/BOOTAA64.EFI"


def test_when_it_does_not_apply() -> None:
    bios = Intent(generation=Generation.BIOS)
    assert not_applicable(check, subject(healthy(), esp=esp(), intent=bios)).startswith("not a gen")
    found = not_applicable(check, subject(healthy(), intent=UEFI))
    assert found == "there is no EFI system partition"


def test_a_partition_without_anything() -> None:
    assert finding(check, subject(healthy(), esp={}, intent=UEFI)).severity is Severity.ERROR
