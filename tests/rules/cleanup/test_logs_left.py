from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import EmptyFiles, RemovePaths
from bootworthy.rules.cleanup.logs_left import check
from tests.guest.memory import Dir, Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject


def steps(files: dict[str, Entry]) -> tuple[EmptyFiles, RemovePaths]:
    found = finding(check, subject(healthy(files)))
    assert found.fix is not None
    *first, remove = found.fix.steps
    empty = first[0] if first else EmptyFiles(patterns=())
    assert isinstance(empty, EmptyFiles)
    assert isinstance(remove, RemovePaths)
    return empty, remove


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"/var/log/private": Dir(0o700), "/var/log/README": Link("/usr/share/doc/README")},
        {"/var/log": "a file"},
    ],
)
def test_empty_logs(files: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(files))) == ()


def test_a_log_is_emptied() -> None:
    files: dict[str, Entry] = {"/var/log/auth.log": "sshd\n", "/var/log/apt/term.log": "Log\n"}

    found = finding(check, subject(healthy(files)))

    assert found.severity is Severity.NOTE
    assert found.found == "/var/log/auth.log, /var/log/apt/term.log"
    assert steps(files)[0].patterns == ("/var/log/auth.log", "/var/log/apt/term.log")


@pytest.mark.parametrize(
    "path",
    [
        "/var/log/syslog.1",
        "/var/log/dpkg.log.2.gz",
        "/var/log/messages-20241201",
        "/var/log/messages-20241201.gz",
        "/var/log/apt/history.log.1.gz",
        "/var/log/nginx/access.log.1",
        "/var/log/installer/syslog",
    ],
)
def test_a_copy_is_removed(path: str) -> None:
    found = finding(check, subject(healthy({path: "x"})))

    assert found.place.path in (path, "/var/log/installer")
    assert steps({path: "x"})[0].patterns == ()


def test_a_journal_goes_whole_and_its_directory_stays() -> None:
    files: dict[str, Entry] = {"/var/log/journal/5a1f/system.journal": "LPKSHHRH"}

    assert finding(check, subject(healthy(files))).found == "/var/log/journal/5a1f"
    empty, remove = steps(files)
    assert empty.patterns == ()
    assert len(finding(check, subject(healthy(files))).fix.steps) == 1  # type: ignore[union-attr]
    assert "/var/log/journal/*" in remove.patterns


def test_a_name_with_wildcards_is_only_that_file() -> None:
    empty, _ = steps({"/var/log/[a]*.log": "x"})
    assert empty.patterns == ("/var/log/[[]a][*].log",)


def test_a_specialized_image_keeps_them() -> None:
    files = healthy({"/var/log/auth.log": "x"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
