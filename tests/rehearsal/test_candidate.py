"""Machines that neither Azure nor QEMU has are refused before anything starts."""

from __future__ import annotations

import pytest

from bootworthy.model.errors import UsageError
from bootworthy.model.intent import Architecture, Generation
from bootworthy.rehearsal.candidate import _refuse_odd_machine, _units_of_hyperv
from bootworthy.rehearsal.controllers import Controller
from tests.rules.healthy import healthy
from tests.rules.making import subject

X64, ARM64 = Architecture.X64, Architecture.ARM64
BIOS, UEFI = Generation.BIOS, Generation.UEFI


@pytest.mark.parametrize(
    ("generation", "architecture", "controller", "code"),
    [
        (BIOS, ARM64, None, "rehearsal-generation"),
        (UEFI, ARM64, Controller.AHCI, "rehearsal-controller"),
        (UEFI, ARM64, Controller.IDE, "rehearsal-controller"),
        (UEFI, X64, Controller.IDE, "rehearsal-controller"),
        (BIOS, X64, Controller.NVME, "rehearsal-controller"),
    ],
)
def test_a_machine_that_is_nowhere(
    generation: Generation, architecture: Architecture, controller: Controller | None, code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        _refuse_odd_machine(generation, architecture, controller)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("generation", "architecture", "controller"),
    [
        (UEFI, ARM64, None),
        (UEFI, ARM64, Controller.NVME),
        (UEFI, ARM64, Controller.VIRTIO_BLK),
        (UEFI, X64, Controller.AHCI),
        (BIOS, X64, Controller.AHCI),
        (BIOS, X64, Controller.IDE),
    ],
)
def test_a_machine_that_can_be(
    generation: Generation, architecture: Architecture, controller: Controller | None
) -> None:
    _refuse_odd_machine(generation, architecture, controller)


@pytest.mark.parametrize(
    ("configuration", "units"),
    [
        ("refclock PHC /dev/ptp_hyperv poll 3\n", {"chrony.service", "chronyd.service"}),
        ("pool 2.debian.pool.ntp.org\n", set()),
        ("", set()),
    ],
)
def test_chrony_wants_the_clock_that_it_is_told_to_use(configuration: str, units: set[str]) -> None:
    guest = subject(healthy({"/etc/chrony/chrony.conf": configuration or None})).linux

    assert _units_of_hyperv(guest) == units
