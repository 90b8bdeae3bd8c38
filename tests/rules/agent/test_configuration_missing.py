from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.agent.configuration_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_a_configuration_passes() -> None:
    assert look({}) == ()


def test_none_is_a_warning() -> None:
    (found,) = look({"/etc/waagent.conf": None})

    assert (found.severity, found.place.path) == (Severity.WARNING, "/etc/waagent.conf")


def test_without_the_agent_it_does_not_apply() -> None:
    assert not_applicable(check, subject(healthy({"/usr/sbin/waagent": None})))
