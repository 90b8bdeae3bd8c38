from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.network.proxy_left import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("text", ["", "PATH=/bin\n", "# http_proxy=http://p\n", "no_proxy=x\n"])
def test_no_proxy_passes(text: str) -> None:
    assert look({"/etc/environment": text}) == ()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/environment", 'http_proxy="http://10.0.0.1:3128"'),
        ("/etc/environment", "HTTPS_PROXY=http://proxy.example.org:8080/"),
        ("/etc/profile.d/proxy.sh", "export all_proxy=socks5://10.0.0.1"),
    ],
)
def test_a_proxy_is_named_with_its_line(path: str, line: str) -> None:
    (found,) = look({path: f"A=b\n{line}\n"})

    assert found.severity is Severity.WARNING
    assert (found.place.path, found.place.line, found.found) == (path, 2, line)
    assert found.fix is not None
    assert found.fix.steps == ()
