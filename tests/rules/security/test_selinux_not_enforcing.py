from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.security.selinux_not_enforcing import check
from tests.rules.healthy import healthy
from tests.rules.making import findings, subject

CONFIG = "/etc/selinux/config"


def look(mode: str) -> tuple[Finding, ...]:
    changes = {
        CONFIG: f"SELINUX={mode}\nSELINUXTYPE=targeted\n",
        "/etc/selinux/targeted/contexts/files/file_contexts": "x",
    }
    return findings(check, subject(healthy(changes)))


def test_a_guest_without_a_policy_passes() -> None:
    assert findings(check, subject(healthy())) == ()
    text = "SELINUX=disabled\nSELINUXTYPE=targeted\n"
    assert findings(check, subject(healthy({CONFIG: text}))) == ()


def test_enforcing_passes() -> None:
    assert look("enforcing") == ()


@pytest.mark.parametrize("mode", ["permissive", "disabled"])
def test_anything_else(mode: str) -> None:
    (found,) = look(mode)

    assert (found.severity, found.found) == (Severity.WARNING, f"SELINUX={mode}")
    assert found.message == f"SELinux is {mode}"
