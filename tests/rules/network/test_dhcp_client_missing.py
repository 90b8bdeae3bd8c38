from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    InstallPackages,
)
from bootworthy.rules.network.dhcp_client_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, not_applicable, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("program", ["/usr/sbin/dhcpcd", "/usr/sbin/dhclient", "/usr/bin/udhcpc"])
def test_any_client_that_cloud_init_knows_passes(program: str) -> None:
    assert look({"/usr/sbin/dhclient": None, program: "x"}) == ()


def test_none_is_an_error() -> None:
    (found,) = look({"/usr/sbin/dhclient": None})

    assert found.severity is Severity.ERROR
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("isc-dhcp-client",)),)


def test_without_cloud_init_it_does_not_apply() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
