from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.newer.disk_names_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


WANTED = Intent(nvme=True)


def test_it_applies_on_request() -> None:
    assert not_applicable(check, subject(healthy())) == "--nvme is not given"


def test_the_program_passes() -> None:
    assert look({"/usr/sbin/azure-nvme-id": "x"}, WANTED) == ()


def test_without_it_a_note() -> None:
    (found,) = look({}, WANTED)
    assert (found.severity, found.found) == (Severity.NOTE, "no such program")
