from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.command_line.fips_boot_missing import check
from tests.rules.command_line.menus import booting
from tests.rules.healthy import ROOT_UUID, healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


SEPARATE: dict[str, Entry | None] = {
    "/etc/fstab": f"UUID={ROOT_UUID} / ext4 defaults 0 1\nUUID=b /boot ext4 defaults 0 2\n"
}


@pytest.mark.parametrize("arguments", ["ro", "fips=0", "fips=1 boot=UUID=b"])
def test_no_fips_or_a_device_passes(arguments: str) -> None:
    assert look({**SEPARATE, **booting(arguments)}) == ()


def test_boot_on_the_root_needs_none() -> None:
    assert look(booting("fips=1")) == ()


def test_the_check_would_halt() -> None:
    (found,) = look({**SEPARATE, **booting("fips=1")})

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert found.fix.steps == ()
