from __future__ import annotations

import pytest

from bootworthy.rules.cleanup.temporary_files_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 - the guest's
LEFT = tuple(f"{folder}/{name}" for folder in _FOLDERS for name in ("upload.part", ".X11-unix"))

OTHERS = ("/srv/tmp/x", "/srv/var/tmp/x")


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


def test_this_machines_are_in_use() -> None:
    assert findings(check, subject(healthy({LEFT[0]: "x"}), live=True)) == ()
