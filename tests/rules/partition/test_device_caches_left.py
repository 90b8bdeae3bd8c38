from __future__ import annotations

import pytest

from bootworthy.rules.partition.device_caches_left import check
from tests.rules import leftovers

LEFT = ("/etc/blkid.tab", "/etc/blkid.tab.old", "/etc/blkid/blkid.tab", "/etc/udev/cache/x")


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, "/etc/blkid.conf")


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
