from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.kernel.kernel_too_old import check
from tests.rules.kernel.releases import running
from tests.rules.making import finding, findings, subject


@pytest.mark.parametrize(
    "release",
    ["3.8.0-44-generic", "3.10.0-1160.el7.x86_64", "6.1.0-28-amd64", "6.12", "custom", "next-1"],
)
def test_these_are_new_enough_or_do_not_say(release: str) -> None:
    assert findings(check, subject(running(release))) == ()


@pytest.mark.parametrize(
    "release", ["2.6.32-754.el6.x86_64", "3.2.0-6-amd64", "3.0.101-108.95-default"]
)
def test_these_are_supported_by_their_vendors_at_most(release: str) -> None:
    found = finding(check, subject(running(release)))

    assert found.severity is Severity.WARNING
    assert found.message == f"kernel {release} is too old for Azure"


def test_this_one_has_no_drivers() -> None:
    found = finding(check, subject(running("2.6.18-419.el5")))
    assert found.severity is Severity.ERROR


def test_each_kernel_that_is_started_counts() -> None:
    found = findings(check, subject(running("6.1.0-28-amd64", "2.6.18-419.el5")))
    assert [item.found for item in found] == ["2.6.18-419.el5"]
