from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.time.private_time_server import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


CONF = "/etc/chrony.conf"


@pytest.mark.parametrize("line", ["pool pool.ntp.org", "server 162.159.200.1", "# server 10.0.0.1"])
def test_public_servers_pass(line: str) -> None:
    assert look({CONF: f"{line}\n"}) == ()


@pytest.mark.parametrize("name", ["10.1.2.3", "192.168.0.1", "fd00::1", "ntp.example.internal"])
def test_servers_of_the_old_network(name: str) -> None:
    (found,) = look({CONF: f"# time\nserver {name} iburst\n"})

    assert found.severity is Severity.WARNING
    assert (found.place.path, found.place.line, found.found) == (CONF, 2, name)
