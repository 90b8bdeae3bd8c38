"""A Python module that the agent imports is missing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PACKAGES = ("/usr/lib/python3*/*-packages", "/usr/lib64/python3*/*-packages")


@rule(
    code="AGT-07",
    name="agent-module-missing",
    severity=Severity.WARNING,
    why="The agent cannot tell which distribution it runs on and falls back to guesses.",
    when=(with_agent,),
    article=(32,),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
    deviation="the article asks for pyasn1, which agents since 2.2 do not import; their setup.py "
    "asks for distro on Python 3.8 and later",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The module distro is beside the agent's own modules, or in the system's."""
    guest = subject.linux
    if guest.agent.modules_dir and not _has_module(guest, "distro"):
        yield Violation(
            message="the agent's module distro is missing",
            place=Place(guest.agent.modules_dir),
            found="no distro module in any of Python's directories",
            expected="the Python module distro",
            fix=by_hand("install python3-distro"),
        )


def _has_module(guest: Guest, name: str) -> bool:
    folders = [path for pattern in _PACKAGES for path in guest.tree.glob(pattern)]
    folders.append(posixpath.dirname(guest.agent.modules_dir or ""))
    return any(
        guest.tree.exists(f"{folder}/{name}") or guest.tree.exists(f"{folder}/{name}.py")
        for folder in folders
    )
