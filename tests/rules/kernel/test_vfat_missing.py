from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.kernel.vfat_missing import check
from tests.rules.healthy import RELEASE, healthy, kernel, without
from tests.rules.making import Entry, findings, subject


def look(
    entries: dict[str, Entry], generation: Generation = Generation.UEFI
) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({**entries}), intent=Intent(generation=generation)))


def test_all_of_it_is_there() -> None:
    assert look(kernel()) == ()


@pytest.mark.parametrize("name", ["vfat", "fat", "nls_cp437", "nls_ascii"])
def test_a_part_that_is_missing(name: str) -> None:
    (found,) = look(kernel(loadable=without(name)))

    assert found.severity is Severity.ERROR
    assert found.message == f"kernel {RELEASE} cannot mount VFAT: no {name}"
    assert found.expected == "vfat, fat, nls_cp437, nls_ascii"


def test_generation_1_boots_without() -> None:
    (found,) = look(kernel(loadable=without("vfat")), Generation.BIOS)
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("charset", "module"), [("iso8859-1", "nls_iso8859_1"), ("utf8", "nls_utf8")]
)
def test_the_tables_are_those_of_the_configuration(charset: str, module: str) -> None:
    config = f'CONFIG_FAT_DEFAULT_CODEPAGE=437\nCONFIG_FAT_DEFAULT_IOCHARSET="{charset}"\n'
    (found,) = look(kernel(config=config))
    assert found.found == f"{module}: neither built in nor a module"

    path = f"kernel/fs/nls/{module.replace('8859_', '8859-')}"
    assert look(kernel(config=config, loadable=(*without(), path))) == ()


def test_a_kernel_without_its_configuration_needs_the_drivers_alone() -> None:
    assert look(kernel(config="", loadable=without("nls_cp437", "nls_ascii"))) == ()
