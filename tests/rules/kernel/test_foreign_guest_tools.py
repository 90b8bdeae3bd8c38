from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.kernel.foreign_guest_tools import check
from tests.rules.healthy import dpkg_status, healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


STATUS = "/var/lib/dpkg/status"


def test_other_packages_pass() -> None:
    assert look({STATUS: dpkg_status("bash", "tools")}) == ()


@pytest.mark.parametrize(
    "package",
    ["open-vm-tools-desktop", "qemu-guest-agent", "virtualbox-guest-utils"],
)
def test_it_is_named(package: str) -> None:
    (found,) = look({STATUS: dpkg_status("bash", package)})

    assert found.severity is Severity.NOTE
    assert (found.found, found.place.path) == (package, STATUS)
    assert found.fix is not None
    assert package in found.fix.title


def test_without_a_database_it_does_not_apply() -> None:
    assert not_applicable(check, subject(healthy({STATUS: None})))
