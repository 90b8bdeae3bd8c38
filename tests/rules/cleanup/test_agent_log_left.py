from __future__ import annotations

import pytest

from bootworthy.rules.cleanup.agent_log_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import finding, subject

LEFT = ("/var/log/waagent.log", "/var/log/waagent.log.1", "/var/log/waagent.log.2.gz")

OTHERS = ("/var/log/waagent-extn.txt", "/var/log/walinux.log")


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
