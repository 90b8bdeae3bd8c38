from __future__ import annotations

import pytest

from bootworthy.model.steps import InstallRemovableLoader
from bootworthy.work.steps.boot_files import install_removable
from bootworthy.work.target import StepFailedError, Target
from tests.rules.healthy import efi_program, healthy
from tests.rules.making import Entry
from tests.work.steps.conditions import target_of

SHIM = efi_program(0x8664, b".vendor_cert")
GRUB = efi_program(0x8664, b".text")
LOADER = efi_program(0x8664, b".sdmagic")
KERNEL = efi_program(0x8664, b".linux")
PLACE = "/EFI/BOOT/BOOTX64.EFI"


def installed(esp: dict[str, Entry]) -> Target:
    target = target_of(healthy(), esp=esp)
    install_removable(InstallRemovableLoader(), target)
    return target


def read(target: Target, path: str) -> bytes:
    assert target.esp is not None
    return target.esp.read(path)


def test_shim_comes_with_what_it_starts() -> None:
    done = installed({"/EFI/debian/shimx64.efi": SHIM, "/EFI/debian/grubx64.efi": GRUB})

    assert read(done, PLACE) == SHIM
    assert read(done, "/EFI/BOOT/grubx64.efi") == GRUB


def test_systemd_boot_comes_before_a_kernel_that_it_starts() -> None:
    esp: dict[str, Entry] = {
        "/EFI/Linux/debian.efi": KERNEL,
        "/EFI/systemd/systemd-bootx64.efi": LOADER,
    }
    assert read(installed(esp), PLACE) == LOADER


def test_the_only_kernel_is_better_than_nothing() -> None:
    assert read(installed({"/EFI/Linux/debian.efi": KERNEL}), PLACE) == KERNEL


def test_nothing_to_copy() -> None:
    with pytest.raises(StepFailedError, match="holds no boot loader"):
        installed({"/EFI/debian/grub.cfg": "x"})
