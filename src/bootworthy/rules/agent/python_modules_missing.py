"""A Python module that the agent imports is missing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.agent import interpreter
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.provisioning import cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PACKAGES = ("/usr/lib/python3*/*-packages", "/usr/lib64/python3*/*-packages")

# Python 3.8 took platform.linux_distribution() out; the agent uses the module distro since then
# and does not start without it (azurelinuxagent/common/future.py).
_FIRST_WITHOUT = (3, 8)


@rule(
    code="AGT-07",
    name="agent-module-missing",
    severity=Severity.WARNING,
    why="The agent ends with an exception as soon as it asks which distribution it runs on.",
    when=(with_agent,),
    article=(32,),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
    deviation="the article asks for pyasn1, which the agent imports on Red Hat 6 alone "
    "(osutil/redhat.py); on Python 3.8 and later it needs distro",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The module distro is there for Python 3.8 and later; an error if the agent provisions."""
    guest = subject.linux
    if guest.agent.modules_dir and _needs_distro(guest) and not _has_module(guest, "distro"):
        yield Violation(
            message="the agent's module distro is missing",
            place=Place(guest.agent.modules_dir),
            found="no distro module in any of Python's directories",
            expected="the Python module distro",
            fix=by_hand("install python3-distro"),
            severity=None if cloud_init_starts(guest) else Severity.ERROR,
        )


def _needs_distro(guest: Guest) -> bool:
    versions = [interpreter.version(path) for path in _paths(guest)]
    # A name without a minor version says nothing: the newest is the most likely.
    return all(version >= _FIRST_WITHOUT or version == (3,) for version in versions if version)


def _paths(guest: Guest) -> tuple[str, ...]:
    modules = posixpath.dirname(guest.agent.modules_dir or "")
    return (interpreter.find(guest) or "", modules)


def _has_module(guest: Guest, name: str) -> bool:
    folders = [path for pattern in _PACKAGES for path in guest.tree.glob(pattern)]
    folders.append(guest.agent.modules_dir or "")
    return any(
        guest.tree.exists(f"{folder}/{name}") or guest.tree.exists(f"{folder}/{name}.py")
        for folder in folders
    )
