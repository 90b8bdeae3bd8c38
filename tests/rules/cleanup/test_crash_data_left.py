from __future__ import annotations

import pytest

from bootworthy.rules.cleanup.crash_data_left import check
from tests.rules import leftovers

LEFT = (
    "/var/crash/x",
    "/var/spool/abrt/x",
    "/var/lib/systemd/coredump/x",
    "/var/log/dump/x",
)

OTHERS = ("/var/spool/cron/root",)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
