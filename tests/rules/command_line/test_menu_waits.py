from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    SetKernelArguments,
    SetKeys,
    WriteFile,
)
from bootworthy.rules.command_line.menu_waits import check
from tests.rules.healthy import GRUB_CFG, healthy, systemd_boot
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


DEFAULTS = "/etc/default/grub"


@pytest.mark.parametrize("seconds", ["0", "5", "10"])
def test_a_menu_that_goes_on_passes(seconds: str) -> None:
    assert look({DEFAULTS: f"GRUB_TIMEOUT={seconds}\n"}) == ()


def test_a_menu_that_waits_for_a_key() -> None:
    (found,) = look({DEFAULTS: "GRUB_TIMEOUT=-1\n"})

    assert found.severity is Severity.ERROR
    assert found.found == "GRUB_TIMEOUT=-1"
    assert found.fix is not None
    keys = SetKeys(path=DEFAULTS, settings=(("GRUB_TIMEOUT", "5"),))
    assert found.fix.steps == (keys, SetKernelArguments(variables=("GRUB_TIMEOUT",)))


def test_the_file_that_decides_is_mended() -> None:
    drop_in = "/etc/default/grub.d/50-cloudimg.cfg"
    (found,) = look({DEFAULTS: "GRUB_TIMEOUT=5\n", drop_in: "GRUB_TIMEOUT=-1\n"})

    assert found.place.path == drop_in
    assert found.fix is not None
    assert found.fix.steps[0] == SetKeys(path=drop_in, settings=(("GRUB_TIMEOUT", "5"),))


@pytest.mark.parametrize(
    "line", ["", "#timeout menu-force\n", "timeout 3\n", "timeout menu-hidden\n"]
)
def test_a_menu_of_systemd_boot_that_goes_on_passes(line: str) -> None:
    assert look({GRUB_CFG: None, **systemd_boot(configuration=line)}) == ()


def test_a_menu_of_systemd_boot_that_waits_for_a_key() -> None:
    text = "editor no\ntimeout  menu-force\ndefault x\n"
    (found,) = look({GRUB_CFG: None, **systemd_boot(configuration=text)})

    assert found.severity is Severity.ERROR
    assert (found.place.path, found.place.line) == ("/boot/efi/loader/loader.conf", 2)
    assert (found.found, found.expected) == ("timeout menu-force", "timeout 5")
    assert found.fix is not None
    mended = "editor no\ntimeout  5\ndefault x\n"
    assert found.fix.steps == (WriteFile(path="/boot/efi/loader/loader.conf", text=mended),)
