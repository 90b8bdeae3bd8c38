from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.kernel.storage_fixes_unknown import check
from tests.rules.kernel.releases import running
from tests.rules.making import finding, findings, subject


@pytest.mark.parametrize(
    "release",
    [
        "4.4.0",
        "6.1.0-28-amd64",
        "3.10.0-1160.el7.x86_64",
        "2.6.32-504.el6.x86_64",
        "2.6.32-754.35.1.el6.x86_64",
        "3.16.0-11-amd64",
        "3.13.0-170-generic",
        "3.0.101-108.95-default",
        "custom",
    ],
)
def test_newer_kernels_and_those_of_vendors_pass(release: str) -> None:
    assert findings(check, subject(running(release))) == ()


@pytest.mark.parametrize(
    "release", ["3.18.0", "4.3.6-mine", "2.6.32-431.el6.x86_64", "4.1.0-generic-mine"]
)
def test_older_ones_of_ones_own_are_a_note(release: str) -> None:
    found = finding(check, subject(running(release)))

    assert found.severity is Severity.NOTE
    assert found.found == release
