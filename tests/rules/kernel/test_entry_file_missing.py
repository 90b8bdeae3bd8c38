from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.kernel.entry_file_missing import check
from tests.rules.healthy import GRUB_CFG, INITRAMFS, KERNEL, RELEASE, grub_cfg, healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("path", [KERNEL, INITRAMFS])
@pytest.mark.parametrize("content", [None, ""])
def test_a_file_of_the_default_entry_that_is_gone_or_empty(path: str, content: str | None) -> None:
    found = look({path: content})

    assert found[0].severity is Severity.ERROR
    assert path in found[0].message
    assert found[0].place.path == GRUB_CFG
    assert found[0].fix is not None
    assert found[0].fix.steps == ()


def test_an_entry_that_nobody_starts_is_a_warning() -> None:
    menu = grub_cfg(RELEASE, "5.10.0-1-amd64")
    found = look({GRUB_CFG: menu})

    assert {one.severity for one in found} == {Severity.WARNING}
    assert "/boot/vmlinuz-5.10.0-1-amd64" in found[0].message


def test_all_files_there_pass() -> None:
    assert look({}) == ()
