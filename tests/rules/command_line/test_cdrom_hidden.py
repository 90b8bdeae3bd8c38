from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    SetKernelArguments,
)
from bootworthy.rules.command_line.cdrom_hidden import check
from tests.rules.command_line.menus import booting
from tests.rules.healthy import GRUB_CFG, healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("arguments", ["", "libata.atapi_enabled=1"])
def test_others_pass(arguments: str) -> None:
    assert look(booting(arguments)) == ()


@pytest.mark.parametrize("argument", ["libata.atapi_enabled=0", "reserve=0x1f0,0x8"])
def test_it_is_taken_out(argument: str) -> None:
    (found,) = look(booting(f"{argument} ro"))

    assert found.severity is Severity.WARNING
    assert argument in found.message
    assert found.place.path == GRUB_CFG
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(remove=(argument,)),)
