from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.model.steps import (
    InstallPackages,
)
from bootworthy.rules.security.sudo_broken import check
from tests.guest.memory import File
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_it_is_installed_where_it_is_missing() -> None:
    (found,) = look({"/usr/bin/sudo": None})

    assert found.severity is Severity.WARNING
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("sudo",)),)


@pytest.mark.parametrize(
    ("path", "file", "problem"),
    [
        ("/usr/bin/sudo", File("x", mode=0o755), "does not run as root"),
        ("/etc/sudoers", File("", mode=0o442), "may be written by others"),
        ("/etc/sudoers.d/ops", File("", mode=0o440, uid=1000), "belongs to user 1000"),
        ("/etc/sudoers.d/ops", File("", mode=0o460, gid=1000), "may be written by others"),
    ],
)
def test_what_sudo_refuses(path: str, file: File, problem: str) -> None:
    (found,) = look({path: file})

    assert (found.place.path, found.found) == (path, problem)
    assert found.fix is not None
    assert found.fix.steps == ()


@pytest.mark.parametrize("mode", [0o440, 0o400, 0o640])
def test_what_sudo_accepts(mode: int) -> None:
    assert look({"/etc/sudoers.d/ops": File("", mode=mode)}) == ()
