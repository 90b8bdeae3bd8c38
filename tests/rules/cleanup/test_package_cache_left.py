from __future__ import annotations

import pytest

from bootworthy.rules.cleanup.package_cache_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import finding, subject

LEFT = (
    "/var/cache/apt/archives/bash_5.2-1_amd64.deb",
    "/var/cache/apt/archives/partial/bash.deb",
    "/var/cache/dnf/updates.solv",
    "/var/cache/yum/x86_64",
    "/var/cache/zypp/packages/repo",
    "/var/cache/pacman/pkg/bash.pkg.tar.zst",
)

OTHERS = ("/var/cache/apt/archives/lock", "/var/cache/apt/pkgcache.bin", "/var/lib/apt/lists/x")


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path)


def test_all_in_one() -> None:
    found = finding(check, subject(healthy(dict.fromkeys(LEFT, "x"))))
    assert found.found.count("/") >= len(LEFT[:5])


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
