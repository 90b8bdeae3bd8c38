from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.security.critical_path_writable import check
from tests.guest.memory import Dir
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o1777])
def test_roots_own_passes(mode: int) -> None:
    assert look({"/var": Dir(mode)}) == ()


@pytest.mark.parametrize(
    ("node", "found"), [(Dir(0o777), "owner 0, mode 777"), (Dir(uid=7), "owner 7, mode 755")]
)
def test_others_are_a_warning(node: Dir, found: str) -> None:
    (one,) = look({"/etc/ssh": node})

    assert (one.severity, one.place.path, one.found) == (Severity.WARNING, "/etc/ssh", found)
