from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.agent import interpreter
from bootworthy.rules.agent.python_missing import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

PROGRAM = "/usr/sbin/waagent"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {PROGRAM: "#!/usr/bin/env python3\n"},
        {PROGRAM: "#!/usr/bin/python2.6\n", "/usr/bin/python2.6": "elf"},
        {PROGRAM: "#!/usr/bin/python2\n", "/usr/bin/python2": "elf"},
        {
            PROGRAM: "#!/usr/libexec/platform-python\n",
            "/usr/libexec/platform-python": Link("./platform-python3.6"),
            "/usr/libexec/platform-python3.6": "elf",
        },
        # A program of another kind.
        {PROGRAM: "\x7fELF"},
        {PROGRAM: ""},
    ],
)
def test_it_can_start(changes: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(changes))) == ()


@pytest.mark.parametrize(
    ("changes", "message", "words"),
    [
        (
            {"/usr/bin/python3.11": None},
            "its interpreter /usr/bin/python3 is missing",
            "no /usr/bin/python3",
        ),
        (
            {PROGRAM: "#!/usr/bin/env python\n"},
            "its interpreter python is missing",
            "no python",
        ),
        (
            {PROGRAM: "#!/usr/bin/python\n", "/usr/bin/python": Link("python2.4")}
            | {"/usr/bin/python2.4": "elf"},
            "its interpreter /usr/bin/python is too old",
            "/usr/bin/python2.4",
        ),
        (
            {PROGRAM: "#!/usr/bin/python1\n", "/usr/bin/python1": "elf"},
            "its interpreter /usr/bin/python1 is too old",
            "/usr/bin/python1",
        ),
    ],
)
def test_it_cannot_start(changes: dict[str, Entry | None], message: str, words: str) -> None:
    found = finding(check, subject(healthy(changes)))

    assert found.severity is Severity.ERROR
    assert found.message == f"the agent cannot start: {message}"
    assert found.found == words


def test_no_agent() -> None:
    assert not_applicable(check, subject(healthy({PROGRAM: None})))


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/usr/bin/python3.11", (3, 11)),
        ("/usr/lib/python3", (3,)),
        ("/usr/bin/python", ()),
        ("/usr/bin/python9999999999", (999,)),
        ("", ()),
    ],
)
def test_the_version_in_a_name(path: str, version: tuple[int, ...]) -> None:
    assert interpreter.version(path) == version
