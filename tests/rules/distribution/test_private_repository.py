from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.distribution.private_repository import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


APT = "/etc/apt/sources.list"


@pytest.mark.parametrize(
    "line",
    ["", "deb http://deb.debian.org/debian trixie main", "# deb cdrom:[Debian]/ trixie main"],
)
def test_public_repositories_pass(line: str) -> None:
    assert look({APT: f"{line}\n"}) == ()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (APT, "deb cdrom:[Debian GNU/Linux 12]/ bookworm main"),
        ("/etc/yum.repos.d/satellite.repo", "baseurl=https://10.2.3.4/pulp"),
        ("/etc/zypp/repos.d/smt.repo", "baseurl=http://smt.example.internal/repo"),
    ],
)
def test_the_line_is_named(path: str, line: str) -> None:
    (found,) = look({path: f"# packages\n{line}\n"})

    assert (found.severity, found.place.line, found.found) == (Severity.WARNING, 2, line)
    assert found.fix is not None
    assert found.fix.steps == ()
