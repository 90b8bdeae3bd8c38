from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cleanup.random_seed_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import finding, subject

LEFT = (
    "/var/lib/systemd/random-seed",
    "/var/lib/urandom/random-seed",
    "/var/lib/systemd/credential.secret",
    "/boot/efi/loader/random-seed",
    "/var/lib/random-seed",
)

OTHERS = ("/var/lib/systemd/timers/stamp-apt-daily.timer",)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path, Severity.WARNING)


def test_all_in_one() -> None:
    found = finding(check, subject(healthy(dict.fromkeys(LEFT, "x"))))
    assert found.found.count("/") >= len(LEFT[:5])


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
