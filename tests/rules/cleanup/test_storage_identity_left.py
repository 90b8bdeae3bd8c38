from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cleanup.storage_identity_left import check
from tests.rules import leftovers

LEFT = (
    "/etc/iscsi/initiatorname.iscsi",
    "/etc/nvme/hostid",
    "/etc/nvme/hostnqn",
    "/etc/multipath/wwids",
    "/etc/multipath/bindings",
)

OTHERS = (
    "/etc/iscsi/iscsid.conf",
    "/etc/multipath.conf",
)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path, Severity.WARNING)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
