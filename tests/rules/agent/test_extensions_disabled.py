from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    SetKeys,
)
from bootworthy.rules.agent.extensions_disabled import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


CONFIG = "/etc/waagent.conf"


@pytest.mark.parametrize("line", ["", "Extensions.Enabled=y\n", "Extensions.Enabled=what\n"])
def test_on_is_the_default(line: str) -> None:
    assert look({CONFIG: f"Provisioning.Agent=cloud-init\n{line}"}) == ()


def test_off_is_a_warning() -> None:
    (found,) = look({CONFIG: "Provisioning.Agent=cloud-init\nExtensions.Enabled=n\n"})

    assert (found.severity, found.place.line) == (Severity.WARNING, 2)
    assert found.fix is not None
    settings = (("Extensions.Enabled", "y"),)
    assert found.fix.steps == (SetKeys(path=CONFIG, settings=settings),)
