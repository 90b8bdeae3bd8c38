from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.kernel.cdrom_missing import check
from tests.rules.healthy import healthy, kernel, without
from tests.rules.making import findings, subject

BY_AGENT = {"/usr/bin/cloud-init": None}


def look(
    *missing: str, generation: Generation = Generation.BIOS, by_agent: bool = True
) -> tuple[Finding, ...]:
    agent = BY_AGENT if by_agent else {}
    files = healthy({**kernel(loadable=without(*missing)), **agent})
    return findings(check, subject(files, intent=Intent(generation=generation)))


@pytest.mark.parametrize("generation", list(Generation))
def test_all_drivers_pass(generation: Generation) -> None:
    assert look(generation=generation) == ()


@pytest.mark.parametrize("name", ["cdrom", "sr_mod"])
def test_the_drive_cannot_be_read(name: str) -> None:
    (found,) = look(name)

    assert found.severity is Severity.ERROR
    assert found.found == f"{name}: neither built in nor a module"


def test_cloud_init_asks_the_metadata_service_instead() -> None:
    (found,) = look("sr_mod", by_agent=False)
    assert found.severity is Severity.WARNING


def test_azures_dvd_is_udf_and_not_iso9660() -> None:
    (found,) = look("isofs")
    assert found.severity is Severity.WARNING


def test_the_drive_is_ide_on_generation_1_alone() -> None:
    assert look("ata_piix") == ()
    assert look("ata_generic") == ()
    assert look("ata_piix", "ata_generic", generation=Generation.UEFI) == ()

    (found,) = look("ata_piix", "ata_generic")
    assert found.severity is Severity.ERROR
    assert found.found == "ata_piix: neither built in nor a module"
