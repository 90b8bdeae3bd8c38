from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.security.omi_outdated import check
from tests.rules.healthy import dpkg_status, healthy
from tests.rules.making import findings, subject


def look(version: str) -> tuple[Finding, ...]:
    status = dpkg_status("omi").replace("Version: 1.0-1", f"Version: {version}")
    return findings(check, subject(healthy({"/var/lib/dpkg/status": status})))


def test_no_omi_passes() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("version", ["1.6.8.1", "1.6.8-1", "1.7.0"])
def test_newer_ones_pass(version: str) -> None:
    assert look(version) == ()


@pytest.mark.parametrize("version", ["1.6.8-0", "1.6.4.1", "1.0-1"])
def test_older_ones(version: str) -> None:
    (found,) = look(version)
    assert (found.severity, found.found) == (Severity.WARNING, version)
