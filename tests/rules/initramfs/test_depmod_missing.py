from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.initramfs.depmod_missing import check
from tests.rules.healthy import RELEASE, healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


INDEX = f"/usr/lib/modules/{RELEASE}/modules.dep"


def test_an_index_passes() -> None:
    assert look({}) == ()


def test_without_one() -> None:
    (found,) = look({INDEX: None})

    assert found.severity is Severity.WARNING
    assert found.found == f"no {INDEX}"
    assert found.fix is not None
    assert RELEASE in found.fix.title
