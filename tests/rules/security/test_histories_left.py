from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.security.histories_left import check
from tests.guest.memory import Dir, Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

HISTORY = "/root/.bash_history"


@pytest.mark.parametrize("entry", ["", Link("/dev/null"), Dir()])
def test_no_history(entry: Entry) -> None:
    assert findings(check, subject(healthy({HISTORY: entry}))) == ()


@pytest.mark.parametrize(
    "path",
    [HISTORY, "/home/bob/.zsh_history", "/home/bob/.local/share/fish/fish_history"],
)
def test_a_history(path: str) -> None:
    found = finding(check, subject(healthy({path: "passwd\n"})))

    assert found.place.path == path
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(path,)),)


def test_homes_elsewhere() -> None:
    accounts = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/srv/[alice]:/bin/bash\n"
    files = healthy(
        {
            "/etc/passwd": accounts,
            "/srv/[alice]/.python_history": "x",
            "/srv/a/.python_history": "x",
        }
    )

    found = finding(check, subject(files))

    assert found.found == "/srv/[alice]/.python_history"
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=("/srv/[[]alice]/.python_history",)),)


def test_all_in_one() -> None:
    files = healthy({HISTORY: "ls\n", "/root/.viminfo": "x", "/home/bob/.lesshst": "x"})
    found = finding(check, subject(files))
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert set(step.patterns) == {HISTORY, "/root/.viminfo", "/home/bob/.lesshst"}


def test_a_specialized_image_keeps_them() -> None:
    files = healthy({HISTORY: "ls\n"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
