from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.agent.agent_proxy import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


CONFIG = "/etc/waagent.conf"


@pytest.mark.parametrize("line", ["", "HttpProxy.Host=None\n", "# HttpProxy.Host=p\n"])
def test_no_proxy_passes(line: str) -> None:
    assert look({CONFIG: f"Provisioning.Agent=cloud-init\n{line}"}) == ()


def test_a_proxy_is_named() -> None:
    (found,) = look({CONFIG: "A.B=c\nHttpProxy.Host=proxy.example.org\n"})

    assert (found.severity, found.place.line) == (Severity.WARNING, 2)
    assert found.found == "HttpProxy.Host=proxy.example.org"
    assert found.fix is not None
    assert found.fix.steps == ()
