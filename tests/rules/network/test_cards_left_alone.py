from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    WriteFile,
)
from bootworthy.rules.network.cards_left_alone import check
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def managed(more: dict[str, Entry | None] | None = None) -> dict[str, Entry | None]:
    """A guest whose cards NetworkManager configures."""
    return {**unit("NetworkManager.service"), "/etc/network/interfaces": None, **(more or {})}


VENDOR = "/usr/lib/NetworkManager/conf.d/00-server.conf"
NO_DEFAULT = "[main]\nno-auto-default=*\n"


def test_the_default_and_other_stacks_pass() -> None:
    assert look(managed()) == ()
    assert look({VENDOR: NO_DEFAULT}) == ()


def test_the_vendors_file_is_hidden_by_one_of_its_name() -> None:
    (found,) = look(managed({VENDOR: NO_DEFAULT}))

    assert (found.severity, found.place.path) == (Severity.WARNING, VENDOR)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, WriteFile)
    assert look(managed({VENDOR: NO_DEFAULT, step.path: step.text})) == ()


def test_the_owners_own_setting_is_left_to_him() -> None:
    (found,) = look(managed({"/etc/NetworkManager/conf.d/x.conf": NO_DEFAULT}))

    assert found.fix is not None
    assert found.fix.steps == ()
