from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Architecture, Intent
from bootworthy.rules.distribution.other_architecture import check
from tests.rules.healthy import ARM64, X64, elf, healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_it_applies_on_request() -> None:
    assert not_applicable(check, subject(healthy())) == "--architecture is not given"


@pytest.mark.parametrize(
    ("machine", "wanted"), [(X64, Architecture.X64), (ARM64, Architecture.ARM64)]
)
def test_the_one_asked_for_passes(machine: int, wanted: Architecture) -> None:
    assert look({"/usr/bin/dash": elf(machine)}, Intent(architecture=wanted)) == ()


def test_the_other_one_is_an_error() -> None:
    (found,) = look({}, Intent(architecture=Architecture.ARM64))

    assert found.severity is Severity.ERROR
    assert (found.found, found.expected) == ("x64", "Arm64")
