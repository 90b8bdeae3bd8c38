"""What ``prepare`` made boots to a login on the serial console, as Azure would start it."""

from __future__ import annotations

import pytest

from tests.boot.harness import Bus, Firmware, Machine, boot
from tests.work.prepared import prepared

pytestmark = [pytest.mark.guest, pytest.mark.boot(late=True)]

_MACHINES = {"bios": (Firmware.BIOS, Bus.IDE), "uefi": (Firmware.UEFI, Bus.AHCI)}


@pytest.mark.parametrize("name", list(_MACHINES))
def test_by_the_host_engine(name: str) -> None:
    _boots(name, "host")


@pytest.mark.appliance
def test_by_the_appliance() -> None:
    _boots("uefi", "appliance")


def _boots(name: str, engine: str) -> None:
    guest = prepared(name, "--remove-users", engine=engine)
    assert guest.report["summary"]["errors"] == 0
    firmware, bus = _MACHINES[name]
    with boot(Machine(image=guest.vhd, firmware=firmware, bus=bus)) as running:
        running.wait(r"Linux version \d", 120)
        running.wait(r"^localhost login: ", 300)
        text = running.console.text
    assert "Command line:" in text
    assert "console=ttyS0" in text
    assert "emergency mode" not in text
