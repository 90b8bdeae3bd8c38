from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cleanup.network_manager_identity_left import check
from tests.rules import leftovers

LEFT = (
    "/var/lib/NetworkManager/secret_key",
    "/var/lib/NetworkManager/timestamps",
    "/var/lib/NetworkManager/seen-bssids",
)

OTHERS = ("/var/lib/NetworkManager/NetworkManager.state",)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path, Severity.WARNING)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
