from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    RemovePaths,
)
from bootworthy.rules.security.management_identity_left import check
from tests.rules import leftovers
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


LEFT = [
    "/etc/chef/client.pem",
    "/etc/salt/minion_id",
    "/etc/salt/pki/minion/x",
    "/etc/puppetlabs/puppet/ssl/x",
    "/var/lib/puppet/ssl/x",
]


def test_nothing_is_left() -> None:
    assert look({}) == ()
    assert look({"/etc/salt/minion": "x"}) == ()


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    (found,) = look({path: "x"})

    assert (found.severity, found.place.path) == (Severity.WARNING, path)
    assert found.fix is not None
    assert isinstance(found.fix.steps[0], RemovePaths)


def test_a_specialized_image_keeps_it() -> None:
    leftovers.assert_kept_when_specialized(check, LEFT[0])
