from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.security.sudo_asks_root_password import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("line", ["", "# Defaults targetpw", "Defaults env_reset"])
def test_others_pass(line: str) -> None:
    assert look({"/etc/sudoers": f"{line}\n"}) == ()


@pytest.mark.parametrize("line", ["Defaults targetpw", "Defaults rootpw   # ask for root's"])
@pytest.mark.parametrize("path", ["/etc/sudoers", "/etc/sudoers.d/suse"])
def test_the_line_is_named(path: str, line: str) -> None:
    (found,) = look({path: f"# sudo\n{line}\n"})

    assert (found.severity, found.place.path, found.place.line) == (Severity.WARNING, path, 2)
