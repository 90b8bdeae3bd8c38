from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.cleanup.service_certificates_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import finding, subject

LEFT = (
    "/etc/ssl/private/ssl-cert-snakeoil.key",
    "/etc/pki/tls/private/localhost.key",
    "/etc/dovecot/private/dovecot.pem",
)


def test_nothing_is_left() -> None:
    leftovers.assert_passes(check, "/etc/ssl/private/mine.key")


@pytest.mark.parametrize("path", LEFT)
def test_a_key(path: str) -> None:
    found = finding(check, subject(healthy({path: "key"})))

    assert (found.severity, found.place.path) == (Severity.NOTE, path)
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
