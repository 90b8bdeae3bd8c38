from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.partition.noexec_mount import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize("line", ["UUID=x /tmp ext4 noexec 0 2", "UUID=x /var ext4 nodev 0 2"])
def test_others_pass(line: str) -> None:
    assert look({"/etc/fstab": f"{line}\n"}) == ()


@pytest.mark.parametrize("point", ["/var", "/var/lib", "/var/lib/waagent"])
def test_where_extensions_run(point: str) -> None:
    (found,) = look({"/etc/fstab": f"# disks\nUUID=x {point} ext4 nodev,noexec 0 2\n"})

    assert (found.severity, found.place.line) == (Severity.WARNING, 2)
    assert found.found == "nodev,noexec"
