from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.security.root_shell_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_a_shell_that_is_there_passes() -> None:
    assert look({}) == ()


def test_a_shell_that_is_not_there() -> None:
    (found,) = look({"/etc/passwd": "root:x:0:0:root:/root:/bin/zsh\nbob:x:7:7::/:/none\n"})

    assert (found.severity, found.found, found.place.line) == (Severity.WARNING, "/bin/zsh", 1)
