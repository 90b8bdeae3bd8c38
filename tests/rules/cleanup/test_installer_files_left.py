from __future__ import annotations

import pytest

from bootworthy.rules.cleanup.installer_files_left import check
from tests.rules import leftovers

LEFT = (
    "/root/anaconda-ks.cfg",
    "/root/original-ks.cfg",
    "/root/install.logx",
    "/root/.wget-hsts",
    "/var/lib/install/x",
)

OTHERS = ("/root/notes.txt",)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
