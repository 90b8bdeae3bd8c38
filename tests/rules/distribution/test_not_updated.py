from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.distribution.not_updated import check
from tests.guest.memory import File
from tests.rules.healthy import dpkg_status, healthy
from tests.rules.making import (
    NOW,
    finding,
    findings,
    not_applicable,
    not_checked,
    subject,
)

DAY = 86_400
DATABASE = "/var/lib/dpkg/status"


def database(days: int) -> File:
    """A package database that was changed so many days ago."""
    return File(dpkg_status("bash"), mtime=int(NOW.timestamp()) - days * DAY)


def look(days: int) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({DATABASE: database(days)})))


@pytest.mark.parametrize("days", [-2, 0, 10, 183])
def test_a_recent_update_passes(days: int) -> None:
    assert look(days) == ()


def test_an_old_one_is_reported() -> None:
    found = finding(check, subject(healthy({DATABASE: database(400)})))

    assert found.severity is Severity.WARNING
    assert found.message == "no package was installed or updated for 400 days"
    assert str(found.place) == DATABASE


@pytest.mark.parametrize("mtime", [0, 1])
def test_images_without_dates_tell_nothing(mtime: int) -> None:
    files = healthy({DATABASE: File(dpkg_status("bash"), mtime=mtime)})
    assert not_checked(check, subject(files)) == "/var/lib/dpkg/status has no date"


def test_without_a_package_database_there_is_no_age() -> None:
    reason = not_applicable(check, subject(healthy({DATABASE: None})))
    assert reason == "the guest has no package database of a known kind"
