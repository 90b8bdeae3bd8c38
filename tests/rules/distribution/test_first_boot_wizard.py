from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.distribution.first_boot_wizard import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_other_units_pass() -> None:
    assert look(dict(unit("cron.service"))) == ()


@pytest.mark.parametrize(
    "name", ["initial-setup.service", "initial-setup-text.service", "YaST2-Firstboot.service"]
)
def test_it_is_named(name: str) -> None:
    (found,) = look(dict(unit(name)))

    assert (found.severity, found.found) == (Severity.WARNING, f"{name} is enabled")
    assert found.fix is not None
    assert found.fix.steps == ()
