from __future__ import annotations

import datetime as dt

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.distribution.unsupported import check
from tests.rules.healthy import healthy
from tests.rules.making import NOW, finding, findings, not_applicable, subject


def look(release: str, now: dt.datetime = NOW) -> tuple[Finding, ...]:
    files = healthy({"/usr/lib/os-release": release, "/etc/debian_version": None})
    return findings(check, subject(files, now=now))


def test_a_supported_release_passes() -> None:
    assert findings(check, subject(healthy())) == ()


def test_a_release_without_support_is_reported() -> None:
    (found,) = look('ID=debian\nVERSION_ID="10"\nPRETTY_NAME="Debian GNU/Linux 10 (buster)"\n')

    assert found.severity is Severity.WARNING
    assert found.message == "Debian GNU/Linux 10 (buster): support ended on 2024-06-30"
    assert found.expected == "a supported release"


def test_support_ends_with_its_last_day() -> None:
    release = 'ID=debian\nVERSION_ID="12"\n'

    assert look(release, dt.datetime(2028, 6, 30, 23, tzinfo=dt.UTC)) == ()
    (found,) = look(release, dt.datetime(2028, 7, 1, tzinfo=dt.UTC))
    assert found.found == "support ended on 2028-06-30"


@pytest.mark.parametrize(
    "release",
    [
        "ID=ubuntu\nVERSION_ID=18.04\n",
        "ID=ubuntu\nVERSION_ID=23.10\n",
        'ID="centos"\nVERSION_ID="7"\n',
        'ID="rhel"\nVERSION_ID="7.9"\n',
        'NAME="CentOS Stream"\nID="centos"\nVERSION_ID="8"\n',
    ],
)
def test_more_releases_without_support(release: str) -> None:
    (found,) = look(release)
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    "release",
    [
        "ID=ubuntu\nVERSION_ID=22.04\n",
        "ID=ubuntu\nVERSION_ID=24.04\n",
        'NAME="CentOS Stream"\nID="centos"\nVERSION_ID="9"\n',
        'ID="rhel"\nVERSION_ID="9.4"\n',
        "ID=debian\nNAME='Debian GNU/Linux'\n",
        'ID="sles"\nVERSION_ID="15.6"\n',
    ],
)
def test_supported_and_endorsed(release: str) -> None:
    assert look(release) == ()


def test_a_distribution_that_is_not_endorsed_is_a_note() -> None:
    (found,) = look('ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n')

    assert found.severity is Severity.NOTE
    assert found.message.startswith("Alpine Linux v3.20: it is not on Microsoft's list")


def test_a_guest_that_does_not_say_what_it_is() -> None:
    files = healthy({"/usr/lib/os-release": None, "/etc/debian_version": None})
    found = finding(check, subject(files))

    assert found.severity is Severity.NOTE
    assert found.message.startswith("this Linux, which does not say what it is: ")


def test_there_must_be_a_guest() -> None:
    assert not_applicable(check, subject()) == "there is no guest"
