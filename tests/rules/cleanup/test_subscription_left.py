from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cleanup.subscription_left import check
from tests.rules import leftovers

LEFT = (
    "/etc/pki/consumer/x",
    "/etc/pki/entitlement/x",
    "/var/lib/rhsm/x",
    "/etc/insights-client/machine-id",
    "/etc/SUSEConnect",
    "/etc/zypp/credentials.d/x",
    "/var/lib/ubuntu-advantage/private/x",
    "/etc/sysconfig/rhn/systemid",
)

OTHERS = (
    "/etc/zypp/repos.d/a.repo",
    "/etc/pki/tls/cert.pem",
)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, *OTHERS)


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    leftovers.assert_removed(check, path, Severity.WARNING)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
