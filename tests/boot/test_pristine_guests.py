"""The guests boot before anything prepares them, so a later failure is the preparation's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boot.debug_copy import add_removable_loader, with_serial_console
from tests.boot.harness import BootFailedError, Firmware, Machine, boot
from tests.guests.catalogue import RECIPES
from tests.guests.debian_uefi import DebianUefi
from tests.guests.origin import INSTALLER, ROOT

pytestmark = [pytest.mark.guest, pytest.mark.boot]


def test_bios_guest_boots_from_its_master_boot_record(bios_guest: Path, tmp_path: Path) -> None:
    copy = with_serial_console(bios_guest, RECIPES["bios"], tmp_path / "copy.raw")
    with boot(Machine(image=copy, firmware=Firmware.BIOS)) as running:
        running.login(ROOT)
        assert running.run("systemctl is-system-running --wait").output == "running"
        assert running.run("hostname").output == "web01.example.internal"
        assert running.run("swapon --show=NAME --noheadings").output == "/dev/sda5"
        assert running.run("lsmod | grep -c ^hv_").output == "0"
        assert running.run("test -d /sys/firmware/efi").status == 1
        names = list(running.timings)
    assert names == ["firmware", "boot loader", "kernel", "init", "login"]


def test_uefi_guest_boots_once_the_firmware_can_find_it(uefi_guest: Path, tmp_path: Path) -> None:
    recipe = DebianUefi()
    copy = with_serial_console(uefi_guest, recipe, tmp_path / "copy.raw")
    add_removable_loader(copy, recipe)
    with boot(Machine(image=copy, firmware=Firmware.UEFI)) as running:
        running.login(INSTALLER)
        assert running.run("systemctl is-system-running --wait").output == "running"
        assert running.run("cat /proc/swaps").output.splitlines()[1].split()[0] == "/swapfile"
        assert running.run("findmnt --noheadings --output FSTYPE /boot/efi").output == "vfat"
        assert running.run("test -d /sys/firmware/efi").status == 0
        assert running.run("id -nG").output.split()[:2] == ["installer", "cdrom"]


def test_uefi_guest_does_not_boot_where_no_variable_names_it(uefi_guest: Path) -> None:
    with (
        boot(Machine(image=uefi_guest, firmware=Firmware.UEFI)) as running,
        pytest.raises(BootFailedError, match="the firmware fell into its shell"),
    ):
        running.wait("login: ", 120)
