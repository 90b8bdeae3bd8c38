from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.time.two_time_clients import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_one_passes() -> None:
    assert look({**unit("chrony.service")}) == ()


def test_two_are_a_warning() -> None:
    (found,) = look({**unit("chrony.service"), **unit("systemd-timesyncd.service")})

    assert found.severity is Severity.WARNING
    assert found.found == "chrony.service, systemd-timesyncd.service"


def test_two_names_of_one_program_are_one() -> None:
    assert look({**unit("chrony.service"), **unit("chronyd.service")}) == ()
