from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    WriteFile,
)
from bootworthy.rules.security.ssh_keepalive_wrong import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


CONFIG = "/etc/ssh/sshd_config"


@pytest.mark.parametrize("seconds", [30, 180, 235])
def test_what_certification_accepts_passes(seconds: int) -> None:
    assert look({CONFIG: f"ClientAliveInterval {seconds}\n"}) == ()


@pytest.mark.parametrize("line", ["", "ClientAliveInterval 0\n", "ClientAliveInterval 900\n"])
def test_a_drop_in_sets_it_where_the_file_begins_with_them(line: str) -> None:
    text = f"# sshd\nInclude /etc/ssh/sshd_config.d/*.conf\n{line}"
    (found,) = look({CONFIG: text})

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, WriteFile)
    assert look({CONFIG: text, step.path: step.text}) == ()


def test_elsewhere_the_owners_file_is_his_own() -> None:
    (found,) = look({CONFIG: "Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\n"})

    assert found.fix is not None
    assert found.fix.steps == ()


def test_no_server_no_finding() -> None:
    assert look({"/usr/sbin/sshd": None, CONFIG: ""}) == ()
