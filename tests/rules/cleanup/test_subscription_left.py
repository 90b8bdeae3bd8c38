from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cleanup.subscription_left import check
from tests.guest.memory import MemoryTree
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

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
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("path", OTHERS)
def test_what_stays(path: str) -> None:
    assert findings(check, subject(healthy({path: "x"}))) == ()


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    found = finding(check, subject(healthy({path: "x"})))

    assert found.severity is Severity.WARNING
    assert (found.place.path, found.found) == (path, path)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert any(MemoryTree({path: "x"}).glob(pattern) for pattern in step.patterns)


def test_a_specialized_image_keeps_it() -> None:
    files = healthy({LEFT[0]: "x"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
